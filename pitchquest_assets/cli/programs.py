"""The programs of `pitchquest up`, each in a process and session of its own.

On Linux they are forked from this process, which has loaded all that they need: that saves each of
them seconds at its start, and memory for as long as it runs. Elsewhere a fork is not safe, so they
start from scratch.
"""

import gc
import importlib
import os
import runpy
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess, SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil  # type: ignore[import-untyped]

RESTART_PAUSE_SECONDS = 3.0
STOP_TIMEOUT_SECONDS = 15.0
FORKS = sys.platform == "linux"
Process = ForkProcess if FORKS else SpawnProcess
# What the programs would import otherwise, one by one.
PRELOADED = (
    "pitchquest_assets.definitions",
    "dagster_webserver.cli",
    "dagster._daemon.cli",
    "dagster._grpc.server",
    "dagster_postgres",
)
# New objects before a garbage collection; Python's default of 700 costs 0.1 s of CPU per video.
GARBAGE_OBJECTS = 20_000


@dataclass
class Service:
    """One program that must always be running: a module and its arguments."""

    name: str
    command: list[str]
    log: Path
    answers: Callable[[], bool]
    process: BaseProcess | None = None
    started_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the program; its output is appended to its log."""
        self.process = Process(
            target=_run, args=(self.command, str(self.log), open_files()), name=self.name
        )
        self.process.start()
        self.started_at = time.monotonic()

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self.process is not None and self.process.exitcode is None

    def has_ended(self) -> bool:
        """Whether it has ended unasked, long enough after its start to be restarted."""
        return not self.is_running and time.monotonic() - self.started_at > RESTART_PAUSE_SECONDS

    def stop(self) -> None:
        """Stop the program and the runs that it started, by force if necessary."""
        if not self.is_running:
            return
        assert self.process is not None
        assert self.process.pid is not None
        _kill_children(self.process.pid)
        # SIGINT ends Dagster's programs within seconds; they may survive SIGTERM.
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGINT)
        self.process.join(STOP_TIMEOUT_SECONDS)
        if self.is_running:
            self.process.kill()
            self.process.join()


def preload() -> None:
    """Load what the programs need; what is loaded is never garbage."""
    if not FORKS:
        return
    for module in PRELOADED:
        importlib.import_module(module)
    gc.freeze()


def open_files() -> list[int]:
    """Return the file descriptors that a fork made now inherits, apart from the standard ones."""
    if not FORKS:
        return []
    found = [int(link.name) for link in Path("/proc/self/fd").iterdir()]
    return [fd for fd in found if fd > sys.stderr.fileno() and _is_open(fd)]


def close(descriptors: Sequence[int]) -> None:
    """Close inherited files, so that locks and sockets belong to their owner alone."""
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)


def _is_open(descriptor: int) -> bool:
    """Whether it is open; the descriptor that listed the folder no longer is."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _run(command: list[str], log: str, inherited: list[int]) -> None:
    """Become the program that `python -m` with this command would start."""
    close(inherited)
    os.setsid()
    # A shell makes background jobs ignore SIGINT, and `up` has handlers of its own.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for polite in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(polite) is not signal.SIG_IGN:
            signal.signal(polite, signal.SIG_DFL)
    with Path(log).open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    gc.set_threshold(GARBAGE_OBJECTS)
    gc.enable()
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def _kill_children(pid: int) -> None:
    """Kill the runs under a program at once: everything that they have stored is complete."""
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, STOP_TIMEOUT_SECONDS)

"""Names the process that works on a run, so that another can see whether it is still alive.

Dagster's own launcher notices a dead worker only while the code server that started it is running.
"""

import os
import platform
from contextlib import suppress
from pathlib import Path

# PocketSphinx holds the interpreter lock while it aligns captions with the sound, so no thread can
# send a heartbeat: 80 s of CPU for the longest text it takes in one piece, more on a busy machine.
SILENT_SECONDS = 180
# Between two steps that have a process each, the next one starts within seconds.
REST_SECONDS = 300
# Set where the parent of this process sends the heartbeats of its run.
KEPT_BY_PARENT = "PITCHQUEST_KEPT_BY_PARENT"
PROCESS_IDS = Path("/proc/self/ns/pid")
# The reported start of a process shifts when the machine's clock is set.
CLOCK_STEP_SECONDS = 60.0


def this_worker() -> str:
    """Return the name of this process, as `name_of` gives it."""
    return name_of(os.getpid())


def is_kept_by_parent() -> bool:
    """Return whether `pitchquest worker` sends the heartbeats of what runs in this process."""
    return KEPT_BY_PARENT in os.environ


def name_of(pid: int) -> str:
    """Return `host:pid:start` for a process of this machine; the start is in epoch seconds.

    The start is part of the name because process ids are used again.

    Raises:
        psutil.NoSuchProcess: no process has this id.
    """
    import psutil  # type: ignore[import-untyped]  # not needed to load the definitions

    return f"{_host()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def _host() -> str:
    """This machine and its set of process ids: two containers may share a name, but not that."""
    with suppress(OSError):  # only Linux has it
        return f"{platform.node()}/{PROCESS_IDS.stat().st_ino}"
    return platform.node()


def is_here(worker: str) -> bool:
    """Return whether the worker is, or was, a process of this machine."""
    return worker.partition(":")[0] == _host()


def host_of(worker: str) -> str:
    """Return the name of a worker's machine, as people know it."""
    return worker.partition(":")[0].partition("/")[0]


def is_gone(worker: str) -> bool:
    """Return whether the worker has ended; False if its name is of another machine, or empty."""
    import psutil

    if not is_here(worker):
        return False
    _, pid, started = worker.split(":")
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        return bool(abs(process.create_time() - float(started)) > CLOCK_STEP_SECONDS)
    except psutil.NoSuchProcess:
        return True

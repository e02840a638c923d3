"""Which process works on a run, so that another one can see whether it still does.

Dagster's own launcher sees the death of a worker only while the code server lives that started it.
"""

import os
import platform
from contextlib import suppress
from pathlib import Path

PROCESS_IDS = Path("/proc/self/ns/pid")
# The time of a process's start follows the machine's clock when that is set.
CLOCK_STEP_SECONDS = 60.0


def this_worker() -> str:
    """This process: host, process id and the time of its start, as ids are used again."""
    return name_of(os.getpid())


def name_of(pid: int) -> str:
    """A process of this machine, named like this one."""
    import psutil  # type: ignore[import-untyped]  # not needed to load the definitions

    return f"{_host()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def _host() -> str:
    """This machine, and the container on it: two may have one name, but not one set of ids."""
    with suppress(OSError):  # only Linux has it
        return f"{platform.node()}/{PROCESS_IDS.stat().st_ino}"
    return platform.node()


def is_here(worker: str) -> bool:
    """Whether that process is, or was, one of this machine."""
    return worker.partition(":")[0] == _host()


def is_gone(worker: str) -> bool:
    """Whether that process has ended; False where there is none or it is on another machine."""
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

"""Names the process that works on a run, so that others can see whether it is still alive.

Dagster's own launcher notices a dead worker only while the code server that started it is running.
"""

import os
import platform
from contextlib import suppress
from pathlib import Path

# PocketSphinx holds the interpreter lock while it aligns captions with the sound, so no thread can
# send a heartbeat: 80 s of CPU for the longest text it takes in one piece, more on a busy machine.
SILENT_SECONDS = 180
# Where each step has its own process, the next one starts within seconds.
REST_SECONDS = 300
# Set if the parent of this process sends the heartbeats of its run.
KEPT_BY_PARENT = "PITCHQUEST_KEPT_BY_PARENT"
# Only Linux has these.
PROCESS_IDS = Path("/proc/self/ns/pid")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# The reported start of a process shifts when the machine's clock is set; seconds since boot do not.
CLOCK_STEP_SECONDS = 60.0


def this_worker() -> str:
    """Return the name of this process, as `name_of` gives it."""
    return name_of(os.getpid())


def is_kept_by_parent() -> bool:
    """Return whether `pitchquest worker` sends the heartbeats of what runs in this process."""
    return KEPT_BY_PARENT in os.environ


def name_of(pid: int) -> str:
    """Return `host:pid:start` for a process of this machine.

    The start is part of the name because process ids are reused. It is in seconds since boot if the
    boot's id is known (it is then part of `host`), otherwise in epoch seconds.

    Raises:
        psutil.NoSuchProcess: no process has this id.
    """
    import psutil  # type: ignore[import-untyped]  # not needed to load the definitions

    process = psutil.Process(pid)
    with suppress(OSError):
        return f"{_host()}/{_boot()}:{pid}:{_seconds_after_boot(pid):.2f}"
    return f"{_host()}:{pid}:{process.create_time():.2f}"


def _boot() -> str:
    return BOOT_ID.read_text()[:8]


def _seconds_after_boot(pid: int) -> float:
    """When a process started; raises OSError if only the time of day is known."""
    # proc(5): the name of the program may contain anything; field 22 is the start.
    facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(facts[19]) / os.sysconf("SC_CLK_TCK")


def _host() -> str:
    """This machine and its set of process ids: two containers may share a name, but not that."""
    with suppress(OSError):  # only Linux has it
        return f"{platform.node()}/{PROCESS_IDS.stat().st_ino}"
    return platform.node()


def is_here(worker: str) -> bool:
    """Return whether the worker is, or was, a process of this machine."""
    host, _, _ = worker.partition(":")
    return "/".join(host.split("/")[:2]) == _host()


def host_of(worker: str) -> str:
    """Return the name of a worker's machine, as people know it."""
    return worker.partition(":")[0].partition("/")[0]


def is_gone(worker: str) -> bool:
    """Return whether the worker has ended; False if it is on another machine or has no name."""
    import psutil

    if not is_here(worker):
        return False
    host, pid, started = worker.split(":")
    boot = host.removeprefix(_host()).removeprefix("/")
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        if boot:
            return boot != _boot() or f"{_seconds_after_boot(int(pid)):.2f}" != started
        # Where there is no boot id, or the name was written by an older version.
        return bool(abs(process.create_time() - float(started)) > CLOCK_STEP_SECONDS)
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return True


def is_running(worker: str) -> bool:
    """Return whether the worker is a living process of this machine."""
    return is_here(worker) and not is_gone(worker)

"""The warm parent of `pitchquest up`: a process that has loaded everything, and forks for each run.

Run as `python -m pitchquest_assets.cli.warm_parent SOCKET`. `automation.warm_launcher` writes the
id of a run to the socket and reads the name of its worker. A run that starts from scratch costs two
seconds of CPU for its imports alone. The process has no threads, which would not survive a fork.
"""

import gc
import signal
import socket
import sys
import traceback
from functools import lru_cache
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import dagster as dg

from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.cli.programs import Process, close, open_files
from pitchquest_assets.dagster_private import core_execute_run, recon_job_from_origin
from pitchquest_assets.settings import load_settings
from pitchquest_assets.worker import name_of

READ_SECONDS = 5.0
BACKLOG = 64


def main() -> None:
    """Fork a process for each run until interrupted."""
    path = Path(sys.argv[1])
    instance = _instance()
    gc.freeze()
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(BACKLOG)
        runs: dict[BaseProcess, str] = {}
        while True:
            wait([listener, *(process.sentinel for process in runs)])
            for process in [process for process in runs if process.exitcode is not None]:
                _say_if_it_was_lost(instance, runs.pop(process), process.exitcode or 0)
            _start_next(listener, instance, runs)


@lru_cache
def _instance() -> dg.DagsterInstance:
    """The instance of this process; a forked one has its parent's, with connections of its own."""
    return open_instance(load_settings())


def _start_next(
    listener: socket.socket, instance: dg.DagsterInstance, runs: dict[BaseProcess, str]
) -> None:
    """Start the run that is asked for, if one is."""
    listener.settimeout(0)
    try:
        asked, _ = listener.accept()
    except BlockingIOError:
        return
    with asked:
        asked.settimeout(READ_SECONDS)
        try:
            run_id = asked.makefile().readline().strip()
            process = Process(target=_work, args=(run_id, open_files()))
            process.start()
            runs[process] = run_id
            assert process.pid is not None
            asked.sendall(name_of(process.pid).encode())
        except OSError:
            traceback.print_exc()


def _work(run_id: str, inherited: list[int]) -> None:
    """Execute a run, as a process that the code server starts does."""
    close(inherited)
    instance = _instance()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run = instance.get_run_by_id(run_id)
    if run is None or run.job_code_origin is None:
        raise SystemExit(f"The run {run_id} does not exist, or names no job.")
    job = recon_job_from_origin(run.job_code_origin)
    for _ in core_execute_run(job, run, instance, inject_env_vars=False):
        pass


def _say_if_it_was_lost(instance: dg.DagsterInstance, run_id: str, status: int) -> None:
    """Report a run whose process has ended before it; if that fails, `left_behind` finds it."""
    try:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            instance.report_run_failed(run, f"Its worker's process has ended ({how}).")
    except Exception:  # noqa: BLE001  # the database may be away, and other runs need this process
        traceback.print_exc()


if __name__ == "__main__":
    main()

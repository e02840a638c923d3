"""Starts runs from the warm parent of `pitchquest up`, and stops them.

dagster.yaml names the class. Without `up`, as under `dagster dev`, runs start from the code server
as with Dagster's own launcher.
"""

import os
import signal
import socket
import time
from contextlib import suppress

import dagster as dg

from pitchquest_assets.dagster_private import (
    CheckRunHealthResult,
    LaunchRunContext,
    WorkerStatus,
)
from pitchquest_assets.worker import is_gone, is_here

# Set by `up` for the programs that it starts.
SOCKET_VARIABLE = "PITCHQUEST_WARM_SOCKET"
WORKER_TAG = "pitchquest/worker"
ANSWER_SECONDS = 10.0
# The parent may have ended and may be starting again.
ATTEMPTS = 10
PAUSE_SECONDS = 1.0


class WarmRunLauncher(dg.DefaultRunLauncher):
    """Has the warm parent fork a process for each run; the run's tag names the worker."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run; from the code server if there is no warm parent."""
        path, run = os.environ.get(SOCKET_VARIABLE), context.dagster_run
        worker = _fork_into(run.run_id, path) if path else None
        if worker is None:
            super().launch_run(context)
            return
        self._instance.add_run_tags(run.run_id, {WORKER_TAG: worker})
        self._run_ids.add(run.run_id)

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run's process, as Ctrl-C would; False if it has ended."""
        run = self._instance.get_run_by_id(run_id)
        worker = run.tags.get(WORKER_TAG) if run else None
        if run is None or worker is None:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        if run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        if not is_here(worker) or is_gone(worker):
            return False
        with suppress(ProcessLookupError):
            os.kill(int(worker.split(":")[1]), signal.SIGINT)
            return True
        return False

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: the run monitor asks every 30 seconds."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return whether the process of a started run is still alive, as far as is known."""
        worker = run.tags.get(WORKER_TAG)
        if worker is not None and is_gone(worker):
            return CheckRunHealthResult(WorkerStatus.FAILED, "its worker's process is gone")
        return CheckRunHealthResult(WorkerStatus.RUNNING)


def _fork_into(run_id: str, path: str) -> str | None:
    """Return the worker's name; None if there is no parent.

    Raises:
        OSError: the parent has ended, or takes too long; the run may have started.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                continue
            asking.settimeout(ANSWER_SECONDS)
            asking.sendall(f"{run_id}\n".encode())
            worker = asking.makefile().read()
            if not worker:
                raise ConnectionResetError(f"The warm parent has not started the run {run_id}.")
            return worker
    return None

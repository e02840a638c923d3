"""The launcher asks the warm parent, and knows the worker of a run by its tag.

`integration/test_up.py` kills, cancels and stops runs that it has started.
"""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest

from pitchquest_assets.automation.warm_launcher import (
    SOCKET_VARIABLE,
    WORKER_TAG,
    WarmRunLauncher,
)
from pitchquest_assets.dagster_private import LaunchRunContext, WorkerStatus
from pitchquest_assets.worker import name_of, this_worker
from pitchquest_assets_tests.support.processes import gone_process

DEADLINE_SECONDS = 30


def launcher_of(instance: dg.DagsterInstance) -> WarmRunLauncher:
    launcher = instance.run_launcher
    assert isinstance(launcher, WarmRunLauncher)
    return launcher


def a_run(instance: dg.DagsterInstance, worker: str | None = None) -> dg.DagsterRun:
    """A run that has started, by this worker."""

    @dg.job
    def waits() -> None:
        pass

    run = instance.create_run_for_job(waits, tags={WORKER_TAG: worker} if worker else {})
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value="PIPELINE_START", job_name="waits"), run.run_id
    )
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status == dg.DagsterRunStatus.STARTED
    return found


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    """A process that does nothing."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield psutil.Process(process.pid)
        process.kill()


@pytest.mark.parametrize(
    ("worker", "status"),
    [
        (gone_process, WorkerStatus.FAILED),
        (this_worker, WorkerStatus.RUNNING),
        (lambda: "another-machine/1:1:1.0", WorkerStatus.RUNNING),
    ],
)
def test_the_monitor_is_told_that_a_process_of_this_machine_is_gone(
    instance: dg.DagsterInstance, worker: object, status: WorkerStatus
) -> None:
    assert callable(worker)
    launcher = launcher_of(instance)
    assert launcher.supports_check_run_worker_health
    assert launcher.check_run_worker_health(a_run(instance, worker=worker())).status == status


def test_a_run_of_another_launcher_counts_as_running(instance: dg.DagsterInstance) -> None:
    result = launcher_of(instance).check_run_worker_health(a_run(instance))
    assert result.status == WorkerStatus.RUNNING


def test_to_terminate_a_run_interrupts_its_process(
    instance: dg.DagsterInstance, sleeper: psutil.Process
) -> None:
    run = a_run(instance, worker=name_of(sleeper.pid))
    assert launcher_of(instance).terminate(run.run_id)
    sleeper.wait(DEADLINE_SECONDS)
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status == dg.DagsterRunStatus.CANCELING


def test_a_run_whose_process_is_gone_cannot_be_terminated(instance: dg.DagsterInstance) -> None:
    run = a_run(instance, worker=gone_process())
    assert not launcher_of(instance).terminate(run.run_id)


def test_a_run_that_has_ended_is_not_terminated(
    instance: dg.DagsterInstance, sleeper: psutil.Process
) -> None:
    run = a_run(instance, worker=name_of(sleeper.pid))
    instance.report_run_failed(run)
    assert not launcher_of(instance).terminate(run.run_id)
    assert sleeper.is_running()


def test_a_parent_that_is_started_again_is_waited_for(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs"
    monkeypatch.setenv(SOCKET_VARIABLE, str(path))
    monkeypatch.setattr("pitchquest_assets.automation.warm_launcher.PAUSE_SECONDS", 0.1)
    run = a_run(instance)
    asked: list[str] = []

    def serve() -> None:
        time.sleep(0.3)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.makefile().readline().strip())
                connection.sendall(b"host:1:2.0")

    parent = threading.Thread(target=serve)
    parent.start()
    launcher_of(instance).launch_run(LaunchRunContext(run, None))
    parent.join()
    assert asked == [run.run_id]
    launched = instance.get_run_by_id(run.run_id)
    assert launched is not None
    assert launched.tags[WORKER_TAG] == "host:1:2.0"


def test_without_a_parent_runs_start_from_the_code_server(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, str(tmp_path / "nobody"))
    monkeypatch.setattr("pitchquest_assets.automation.warm_launcher.PAUSE_SECONDS", 0)
    with pytest.raises(dg.DagsterInvariantViolationError, match="requires a workspace"):
        launcher_of(instance).launch_run(LaunchRunContext(a_run(instance), None))

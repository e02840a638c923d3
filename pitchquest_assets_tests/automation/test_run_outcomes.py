import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import psutil
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType, EngineEventData

from pitchquest_assets.automation import left_behind as sweeping
from pitchquest_assets.automation import lost_workers
from pitchquest_assets.automation.failure_causes import Cause
from pitchquest_assets.automation.left_behind import give_back_all, sweep
from pitchquest_assets.automation.run_outcomes import settle
from pitchquest_assets.automation.spool_recovery import spooled_results
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store import spool
from pitchquest_assets.store.rows import leases, queue, results, videos
from pitchquest_assets.store.rows.alerts import claim_alerts
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import is_gone, name_of, this_worker
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.processes import gone_process
from pitchquest_assets_tests.support.wiring import evaluate

RESULT = factories.pitch_result()
VIDEO, JOB = RESULT.video_id, RESULT.job_id
TOO_LONG = "Canceling due to exceeding maximum runtime of 60 seconds."
LOST = Cause("The worker was lost.", passing=True)


@pytest.fixture
def instance(store: Store) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def spool_folder(store: Store) -> Iterator[None]:
    yield
    shutil.rmtree(spool.spool_folder(load_settings()), ignore_errors=True)


@pytest.fixture
def overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happened up to now has been too long ago."""
    monkeypatch.setattr(sweeping, "NEVER_CAME_AFTER", timedelta(seconds=-5))


@pytest.fixture(scope="module")
def gone_worker() -> str:
    """The name of a process that has ended."""
    return gone_process()


def start_run(
    instance: dg.DagsterInstance,
    store: Store,
    worker: str | None,
    run_id: str = JOB,
    attempt: int = 0,
) -> dg.DagsterRun:
    """A run of the video's, as its worker reports it at its start, and the worker's lease."""
    tags = {"dagster/partition": VIDEO, "attempt": str(attempt)}
    run = instance.add_run(dg.DagsterRun(job_name="analyze_pitch", run_id=run_id, tags=tags))
    if worker:
        leases.beat(store, run_id, worker, VIDEO)
    instance.report_dagster_event(
        DagsterEvent(DagsterEventType.RUN_START.value, run.job_name), run_id
    )
    return run


def take(store: Store, run_id: str = JOB) -> videos.VideoRow:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    return queue.claim(store, VIDEO, run_id, attempt=None)


def end(instance: dg.DagsterInstance, kind: DagsterEventType, run_id: str = JOB) -> None:
    instance.report_dagster_event(DagsterEvent(kind.value, "analyze_pitch"), run_id)


def test_a_worker_is_known_by_its_start_and_not_only_by_its_number(gone_worker: str) -> None:
    host, pid, started = this_worker().split(":")
    assert not is_gone(this_worker())
    assert is_gone(gone_worker)
    assert is_gone(f"{host}:{pid}:{float(started) - 3600}")
    assert not is_gone(f"another-{host}:{pid}:1.00")
    assert not is_gone("")


def test_a_container_of_the_same_name_has_other_processes(gone_worker: str) -> None:
    host, _, process = gone_worker.partition(":")
    name, processes, *boot = host.split("/")
    assert not is_gone("/".join([name, f"{processes}1", *boot]) + f":{process}")


def test_a_clock_that_is_set_loses_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = this_worker()
    now = psutil.Process().create_time()
    # The name that an older version gave, when the clock was a second behind.
    node, processes, _ = worker.partition(":")[0].split("/")
    older = f"{node}/{processes}:{os.getpid()}:{now - 1:.2f}"
    assert not is_gone(older)
    for step_seconds in (-7200, 7200):
        monkeypatch.setattr(psutil.Process, "create_time", lambda _, s=step_seconds: now + s)
        assert not is_gone(worker)
        assert is_gone(older)


def test_a_process_from_before_the_machine_was_started_again_is_gone() -> None:
    host, process = this_worker().split(":", 1)
    *place, _ = host.split("/")
    assert is_gone("/".join([*place, "00000000"]) + f":{process}")


def test_a_worker_that_waits_to_be_reaped_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = name_of(process.pid)
    assert not is_gone(name)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
    assert is_gone(name)
    process.wait()


def test_a_lost_worker_is_tried_again_and_in_the_end_given_up(
    instance: dg.DagsterInstance, store: Store, gone_worker: str
) -> None:
    take(store, "run-0")
    for attempt in range(3):
        row = videos.get(store, VIDEO)
        assert (row.attempts, row.workers_lost) == (attempt, attempt)
        queue.claim(store, VIDEO, f"run-{attempt}", attempt)
        start_run(instance, store, gone_worker, f"run-{attempt}", attempt)
        [told] = sweep(instance, store, load_settings())
        assert sweep(instance, store, load_settings()) == []
    assert told.startswith(f"{VIDEO} failed: ")
    row = videos.get(store, VIDEO)
    assert (row.status, row.attempts, row.workers_lost) == ("failed", 2, 2)
    assert row.error == (
        "The worker of this analysis was lost (Its worker's process is gone). It was tried 3 "
        f"times; `pitchquest retry {VIDEO}` tries again."
    )
    runs = instance.get_runs()
    assert {run.status for run in runs} == {dg.DagsterRunStatus.FAILURE}


def test_a_live_worker_is_left_to_its_work(instance: dg.DagsterInstance, store: Store) -> None:
    row = take(store)
    start_run(instance, store, this_worker())
    assert sweep(instance, store, load_settings()) == []
    assert videos.get(store, VIDEO) == row


def test_a_worker_that_ends_while_it_is_looked_at_has_succeeded(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store)
    start_run(instance, store, this_worker())

    def is_gone_now(worker: str) -> bool:
        results.save_result(store, RESULT)
        end(instance, DagsterEventType.RUN_SUCCESS)
        return True

    monkeypatch.setattr(lost_workers, "is_gone", is_gone_now)
    assert sweep(instance, store, load_settings()) == []
    assert instance.get_run_by_id(JOB).status == dg.DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
    assert videos.get(store, VIDEO).status == "completed"


def test_a_video_whose_run_is_not_there_yet_is_left_alone(
    instance: dg.DagsterInstance, store: Store
) -> None:
    row = take(store)
    assert sweep(instance, store, load_settings()) == []
    assert videos.get(store, VIDEO) == row


def test_a_video_whose_run_was_deleted_is_tried_again(
    instance: dg.DagsterInstance, store: Store, overdue: None
) -> None:
    take(store)
    assert sweep(instance, store, load_settings()) == [
        f"{VIDEO} is tried again: The worker of this analysis was lost (its run is gone)."
    ]
    row = videos.get(store, VIDEO)
    assert (row.status, row.workers_lost) == ("uploaded", 1)


@pytest.mark.parametrize(
    ("kind", "status"),
    [(DagsterEventType.RUN_FAILURE, "uploaded"), (DagsterEventType.RUN_SUCCESS, "uploaded")],
    ids=["failed", "succeeded without a result"],
)
def test_a_video_that_an_ended_run_left_behind_is_tried_again(
    instance: dg.DagsterInstance, store: Store, kind: DagsterEventType, status: str
) -> None:
    take(store)
    start_run(instance, store, this_worker())
    end(instance, kind)
    assert len(sweep(instance, store, load_settings())) == 1
    assert videos.get(store, VIDEO).status == status


def test_an_upload_whose_worker_ended_before_it_took_it_is_tried_again(
    instance: dg.DagsterInstance, store: Store, overdue: None
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    start_run(instance, store, worker=None)
    assert sweep(instance, store, load_settings()) == [
        f"{VIDEO} is tried again: The worker of this analysis was lost (Its worker ended before it "
        "took the video)."
    ]
    row = videos.get(store, VIDEO)
    assert (row.status, row.attempts, row.workers_lost) == ("uploaded", 1, 1)


def test_an_upload_whose_first_step_waits_for_a_process_of_its_own_is_left_alone(
    instance: dg.DagsterInstance, store: Store, overdue: None
) -> None:
    row = videos.register(store, VIDEO, "/in/pitch.mp4")
    start_run(instance, store, worker=None)
    starting = DagsterEvent(
        DagsterEventType.STEP_WORKER_STARTING.value,
        "analyze_pitch",
        step_key="source_video",
        event_specific_data=EngineEventData(),
    )
    instance.report_dagster_event(starting, JOB)
    assert sweep(instance, store, load_settings()) == []
    assert videos.get(store, VIDEO) == row


def test_an_upload_whose_run_was_cancelled_in_the_queue_fails(
    instance: dg.DagsterInstance, store: Store, overdue: None
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    run = instance.add_run(
        dg.DagsterRun("analyze_pitch", JOB, tags={"dagster/partition": VIDEO, "attempt": "0"})
    )
    instance.report_run_canceling(run)
    instance.report_run_canceled(run)
    assert len(sweep(instance, store, load_settings())) == 1
    row = videos.get(store, VIDEO)
    assert row.status == "failed"
    assert row.error == "The analysis was cancelled; `pitchquest retry` starts it again."


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING])
def test_an_upload_whose_run_still_waits_is_left_alone(
    instance: dg.DagsterInstance, store: Store, overdue: None, status: dg.DagsterRunStatus
) -> None:
    row = videos.register(store, VIDEO, "/in/pitch.mp4")
    tags = {"dagster/partition": VIDEO, "attempt": "0"}
    instance.add_run(dg.DagsterRun("analyze_pitch", JOB, tags=tags, status=status))
    assert sweep(instance, store, load_settings()) == []
    assert videos.get(store, VIDEO) == row


def test_a_spooled_result_is_stored_instead_of_trying_again(
    store: Store, spool_folder: None
) -> None:
    row = take(store)
    spool.write(spool.spool_folder(load_settings()), RESULT)
    assert (
        settle(store, load_settings(), row, JOB, LOST)
        == f"{VIDEO} is completed: its result was spooled."
    )
    assert videos.get(store, VIDEO).status == "completed"
    assert results.get_result(store, VIDEO) == RESULT


def test_a_spooled_result_that_is_corrupt_fails_its_video_by_its_name(
    store: Store, spool_folder: None
) -> None:
    row = take(store)
    path = spool.write(spool.spool_folder(load_settings()), RESULT)
    path.write_text("{")
    settle(store, load_settings(), row, JOB, LOST)
    row = videos.get(store, VIDEO)
    assert row.status == "failed"
    assert (row.error or "").startswith(f"{path} is not a result")


def test_a_row_that_a_newer_run_has_taken_is_left_alone(store: Store) -> None:
    row = take(store)
    newer = queue.claim(store, VIDEO, "newer", attempt=None)
    assert settle(store, load_settings(), row, JOB, LOST) is None
    assert settle(store, load_settings(), row, JOB, Cause("It was cancelled.")) is None
    assert videos.get(store, VIDEO) == newer


def test_at_a_shutdown_only_the_videos_of_ended_workers_go_back_uncounted(
    instance: dg.DagsterInstance, store: Store, gone_worker: str
) -> None:
    take(store)
    start_run(instance, store, gone_worker)
    videos.register(store, "other", "/in/other.mp4")
    other = queue.claim(store, "other", "run-2", attempt=0)
    start_run(instance, store, this_worker(), "run-2")
    assert give_back_all(instance, store) == [VIDEO]
    row = videos.get(store, VIDEO)
    assert (row.status, row.attempts, row.workers_lost) == ("uploaded", 1, 0)
    assert videos.get(store, "other") == other


@pytest.mark.parametrize(
    ("reason", "given_back"),
    [("Marked as failed by the code server.", [VIDEO]), ("cancelled", [])],
)
def test_at_a_shutdown_a_run_that_was_reported_as_lost_goes_back_and_a_cancelled_one_does_not(
    instance: dg.DagsterInstance,
    store: Store,
    gone_worker: str,
    reason: str,
    given_back: list[str],
) -> None:
    row = take(store)
    run = start_run(instance, store, gone_worker)
    if reason == "cancelled":
        instance.report_run_canceling(run)
    instance.report_run_failed(run, reason)
    assert give_back_all(instance, store) == given_back
    assert given_back or videos.get(store, VIDEO) == row


def test_the_sensor_stores_what_waits_and_asks_for_the_report(
    instance: dg.DagsterInstance, store: Store, spool_folder: None
) -> None:
    assert evaluate(spooled_results, instance) == dg.SkipReason("No result is waiting.")
    take(store)
    folder = spool.spool_folder(load_settings())
    spool.write(folder, factories.pitch_result(video_id="aaa-corrupt")).write_text("{")
    spool.write(folder, RESULT)
    [request] = evaluate(spooled_results, instance).run_requests
    assert (request.run_key, request.partition_key) == (f"report:{VIDEO}:{JOB}", VIDEO)
    assert request.asset_selection == [dg.AssetKey("feedback_report")]
    assert videos.get(store, VIDEO).status == "completed"


@pytest.mark.parametrize(
    ("message", "alerts"),
    [("Sending run termination request.", 0), (TOO_LONG, 1)],
    ids=["by a person", "by the time limit"],
)
def test_a_person_who_cancels_gets_no_alert_and_a_time_limit_raises_one(
    instance: dg.DagsterInstance, store: Store, message: str, alerts: int
) -> None:
    take(store)
    run = start_run(instance, store, this_worker())
    instance.report_run_canceling(run, message)
    instance.report_run_canceled(run)
    assert len(sweep(instance, store, load_settings())) == 1
    assert videos.get(store, VIDEO).status == "failed"
    assert len(claim_alerts(store)) == alerts


def test_a_cancellation_silences_no_alert_but_its_own(store: Store) -> None:
    take(store)
    assert videos.mark_failed(store, VIDEO, "It was interrupted.", JOB, cancelled=True)
    videos.register(store, "other", "/in/other.mp4")
    videos.mark_failed(store, "other", "No picture.")
    assert [alert.message for alert in claim_alerts(store)] == ["other: No picture."]

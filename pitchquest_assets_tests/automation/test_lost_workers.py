"""Leases of this machine and of others: the sensor `left_behind`, tick by tick."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType
from sqlalchemy import text

from pitchquest_assets.automation import left_behind as sweeping
from pitchquest_assets.automation.left_behind import give_back_all, left_behind
from pitchquest_assets.store.rows import leases, queue, results, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import this_worker
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.processes import gone_process
from pitchquest_assets_tests.support.wiring import store_resource

RESULT = factories.pitch_result()
VIDEO, JOB = RESULT.video_id, RESULT.job_id
ELSEWHERE = "another-machine:7:1790000000.00"


@pytest.fixture
def instance(store: Store) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def run(instance: dg.DagsterInstance, store: Store) -> dg.DagsterRun:
    """A run that has taken its video; nothing is known of its worker."""
    videos.register(store, VIDEO, "/in/pitch.mp4")
    queue.claim(store, VIDEO, JOB, attempt=0)
    tags = {"dagster/partition": VIDEO, "attempt": "0"}
    started = instance.add_run(dg.DagsterRun("analyze_pitch", JOB, tags=tags))
    start = DagsterEvent(DagsterEventType.RUN_START.value, "analyze_pitch")
    instance.report_dagster_event(start, JOB)
    return started


@pytest.fixture
def tick(instance: dg.DagsterInstance, store: Store) -> Callable[[], str]:
    """One tick of the sensor, with the cursor of the one before: what it says."""
    cursor: str | None = None

    def one() -> str:
        nonlocal cursor
        with dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"store": store_resource()}
        ) as context:
            said = left_behind(context)
        cursor = context.cursor
        return str(said.skip_message)

    return one


def status(instance: dg.DagsterInstance) -> str:
    found = instance.get_run_by_id(JOB)
    assert found
    return str(found.status.value)


def let_pass(store: Store) -> None:
    """Nobody has been heard of for an hour, by the database's clock."""
    statement = text("update worker_leases set heartbeat_at = now() - interval '1 hour'")
    store.transaction(lambda connection: connection.execute(statement))


@pytest.fixture
def overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happened up to now has been too long ago."""
    monkeypatch.setattr(sweeping, "NEVER_CAME_AFTER", timedelta(seconds=-5))


def workers(store: Store) -> list[str]:
    return [lease.worker for lease in leases.all_leases(store)]


def test_a_worker_of_another_machine_is_lost_at_the_second_look(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    leases.beat(store, JOB, ELSEWHERE, VIDEO)
    let_pass(store)
    assert tick() == "No video is left behind."
    assert status(instance) == "STARTED"
    assert tick() == (
        f"{VIDEO} is tried again: The worker of this analysis was lost (Its worker on "
        "another-machine has sent no heartbeat for 180 s)."
    )
    assert status(instance) == "FAILURE"
    row = videos.get(store, VIDEO)
    assert (row.status, row.workers_lost) == ("uploaded", 1)
    assert workers(store) == []


def test_a_worker_of_another_machine_that_sends_heartbeats_is_left_alone(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    leases.beat(store, JOB, ELSEWHERE, VIDEO)
    row = videos.get(store, VIDEO)
    assert {tick() for _ in range(3)} == {"No video is left behind."}
    assert (status(instance), videos.get(store, VIDEO)) == ("STARTED", row)
    assert workers(store) == [ELSEWHERE]


def test_a_database_that_was_away_loses_no_worker(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    for worker in (ELSEWHERE, this_worker()):
        leases.beat(store, JOB, worker, VIDEO)
    for _ in range(2):
        let_pass(store)
        assert tick() == "No video is left behind."
        leases.beat(store, JOB, ELSEWHERE, VIDEO)
    assert tick() == "No video is left behind."
    assert status(instance) == "STARTED"
    assert videos.get(store, VIDEO).status == "processing"


def test_a_living_step_keeps_a_run_whose_other_step_was_killed(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    leases.beat(store, JOB, gone_process(), VIDEO)
    leases.beat(store, JOB, this_worker(), VIDEO)
    assert tick() == "No video is left behind."
    assert status(instance) == "STARTED"
    assert workers(store) == [this_worker()]


@pytest.mark.parametrize("worker", [this_worker(), ELSEWHERE], ids=["here", "elsewhere"])
def test_between_two_steps_nobody_sends_heartbeats_and_nobody_is_lost(
    run: dg.DagsterRun,
    instance: dg.DagsterInstance,
    store: Store,
    tick: Callable[[], str],
    worker: str,
) -> None:
    leases.beat(store, JOB, worker, VIDEO)
    leases.rest(store, JOB, worker)
    assert {tick() for _ in range(3)} == {"No video is left behind."}
    assert status(instance) == "STARTED"
    end = DagsterEvent(DagsterEventType.RUN_SUCCESS.value, "analyze_pitch")
    instance.report_dagster_event(end, JOB)
    tick()
    assert workers(store) == []


def test_a_run_that_is_killed_between_two_steps_is_tried_again(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    worker = gone_process()
    leases.beat(store, JOB, worker, VIDEO)
    leases.rest(store, JOB, worker)
    assert "is tried again" in tick()
    assert status(instance) == "FAILURE"


@pytest.mark.parametrize("rests", [False, True])
def test_a_run_that_was_deleted_is_left_to_its_living_worker_and_then_tried_again(
    run: dg.DagsterRun,
    instance: dg.DagsterInstance,
    store: Store,
    tick: Callable[[], str],
    overdue: None,
    rests: bool,
) -> None:
    leases.beat(store, JOB, this_worker(), VIDEO)
    if rests:
        leases.rest(store, JOB, this_worker())
    instance.delete_run(JOB)
    assert {tick() for _ in range(2)} == {"No video is left behind."}
    assert videos.get(store, VIDEO).status == "processing"
    leases.delete(store, JOB)
    assert tick() == (
        f"{VIDEO} is tried again: The worker of this analysis was lost (its run is gone)."
    )


def test_a_completed_video_is_never_put_back(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    """The report comes after the result: its worker may still be lost."""
    leases.beat(store, JOB, gone_process(), VIDEO)
    results.save_result(store, RESULT)
    row = videos.get(store, VIDEO)
    assert tick() == "No video is left behind."
    assert status(instance) == "FAILURE"
    assert videos.get(store, VIDEO) == row
    assert row.status == "completed"
    assert workers(store) == []


def test_the_cursor_holds_the_silent_workers_only(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store
) -> None:
    leases.beat(store, JOB, ELSEWHERE, VIDEO)
    let_pass(store)
    leases.beat(store, JOB, "a-third:8:1.00", VIDEO)
    resources = {"store": store_resource()}
    with dg.build_sensor_context(instance=instance, resources=resources) as context:
        left_behind(context)
    assert list(json.loads(context.cursor or "{}")) == [f"{JOB} {ELSEWHERE}"]


def test_at_a_shutdown_the_videos_of_other_machines_stay_with_them(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store
) -> None:
    leases.beat(store, JOB, ELSEWHERE, VIDEO)
    let_pass(store)
    assert give_back_all(instance, store) == []
    assert status(instance) == "STARTED"


def test_a_worker_whose_machine_has_seen_it_end_is_lost_at_the_first_look(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    leases.take(store, JOB, ELSEWHERE, silent_seconds=60)
    leases.end(store, [ELSEWHERE])
    assert tick() == (
        f"{VIDEO} is tried again: The worker of this analysis was lost (Its worker on "
        "another-machine has ended)."
    )
    assert status(instance) == "FAILURE"
    assert workers(store) == []


def let_rest(store: Store) -> None:
    """The next step has not come for an hour."""
    leases.rest(store, JOB, ELSEWHERE)
    statement = text("update worker_leases set rested_at = now() - interval '1 hour'")
    store.transaction(lambda connection: connection.execute(statement))


def test_a_machine_that_dies_between_two_steps_loses_its_run(
    run: dg.DagsterRun, instance: dg.DagsterInstance, store: Store, tick: Callable[[], str]
) -> None:
    leases.beat(store, JOB, ELSEWHERE, VIDEO)
    let_rest(store)
    assert tick() == "No video is left behind."
    assert "another-machine has not begun the next step for 300 s" in tick()
    assert status(instance) == "FAILURE"
    assert videos.get(store, VIDEO).status == "uploaded"


def test_a_step_that_waits_for_its_place_in_a_pool_loses_nothing(
    run: dg.DagsterRun,
    instance: dg.DagsterInstance,
    store: Store,
    tick: Callable[[], str],
) -> None:
    leases.beat(store, JOB, ELSEWHERE, VIDEO)
    let_rest(store)
    instance.event_log_storage.set_concurrency_slots("gemini", 1)
    for job_id in ("another", JOB):
        instance.event_log_storage.claim_concurrency_slot("gemini", job_id, "content_analysis")
    assert {tick() for _ in range(3)} == {"No video is left behind."}
    assert status(instance) == "STARTED"

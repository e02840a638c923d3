from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from pitchquest_assets.analysis.drift.drift import MIN_RESULTS
from pitchquest_assets.automation.drift_watch import new_results
from pitchquest_assets.store.rows import results, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.wiring import evaluate

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def instance(store: Store) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def save(store: Store, number: int, job_id: str = "first", score: int | None = 70) -> None:
    result = factories.pitch_result(
        video_id=f"video-{number}",
        job_id=job_id,
        timestamp=START + timedelta(hours=number),
        overall_score=score,
    )
    videos.register(store, result.video_id, "/in/pitch.mp4")
    results.save_result(store, result)


def tick(
    instance: dg.DagsterInstance, cursor: str | None = None
) -> tuple[str | None, str | None, str]:
    """The run key asked for, the cursor afterwards, and why nothing was asked for."""
    found = evaluate(new_results, instance, cursor)
    if isinstance(found, dg.SkipReason):
        return None, cursor, found.skip_message or ""
    [request] = found.run_requests
    return request.run_key, found.cursor, ""


def test_fewer_results_than_the_check_needs_ask_for_nothing(
    instance: dg.DagsterInstance, store: Store
) -> None:
    for number in range(MIN_RESULTS - 1):
        save(store, number)
    save(store, MIN_RESULTS, score=None)
    assert tick(instance) == (None, None, "19 of at least 20 results with a score.")


def test_each_change_of_the_results_asks_once_also_where_one_is_replaced(
    instance: dg.DagsterInstance, store: Store
) -> None:
    for number in range(MIN_RESULTS):
        save(store, number)
    key, cursor, _ = tick(instance)
    assert key
    assert tick(instance)[0] == key  # a tick that comes twice
    assert tick(instance, cursor) == (None, cursor, "No new result.")

    save(store, MIN_RESULTS)
    newer, cursor, _ = tick(instance, cursor)
    save(store, 3, job_id="second")
    replaced, cursor, _ = tick(instance, cursor)
    assert newer
    assert replaced
    assert len({key, newer, replaced}) == 3
    assert tick(instance, cursor) == (None, cursor, "No new result.")


def test_a_result_that_was_spooled_and_is_older_than_the_newest_counts(
    instance: dg.DagsterInstance, store: Store
) -> None:
    for number in range(1, MIN_RESULTS + 1):
        save(store, number)
    _, cursor, _ = tick(instance)
    save(store, 0)
    assert tick(instance, cursor)[0]


def test_while_a_check_is_under_way_new_results_wait_for_the_next_tick(
    instance: dg.DagsterInstance, store: Store
) -> None:
    for number in range(MIN_RESULTS):
        save(store, number)
    run = instance.add_run(
        dg.DagsterRun(job_name="watch_drift", status=dg.DagsterRunStatus.STARTED)
    )
    key, cursor, why = tick(instance)
    assert (key, cursor) == (None, None)
    assert "under way" in why
    instance.report_run_canceled(run)
    assert tick(instance, cursor)[0]


def test_the_sensor_asks_at_most_once_a_minute() -> None:
    assert new_results.minimum_interval_seconds == 60
    assert [job.name for job in new_results.jobs] == ["watch_drift"]

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.rows.system_health import record_health
from pitchquest_assets.store.rows.vendor_calls import CallLedger
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories


def measure(store: Store, budget: float | None = None) -> dict[str, Any]:
    return record_health(store, 5_000_000, timedelta(minutes=30), budget)


def alerts(store: Store) -> list[tuple[str, str]]:
    statement = text("select kind, message from alerts where kind <> 'failed_video' order by id")
    return [tuple(row) for row in store.transaction(lambda c: c.execute(statement).all())]


def execute(store: Store, statement: str, **values: object) -> None:
    # The trigger would set updated_at to now.
    with store.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(statement), values)


def complete(store: Store, video_id: str, *, seconds: float = 20.0) -> None:
    videos.register(store, video_id, "/in/pitch.mp4")
    result = factories.pitch_result(
        video_id=video_id,
        timestamp=datetime.now(UTC),
        processing_time_seconds=seconds,
    )
    results.save_result(store, result)


def test_a_row_says_how_the_system_does(store: Store) -> None:
    for index, seconds in enumerate((10.0, 20.0, 90.0)):
        complete(store, f"done-{index}", seconds=seconds)
    for video_id in ("waits", "waits-too", "runs", "fails", "failed-long-ago"):
        videos.register(store, video_id, "/in/pitch.mp4")
    queue.claim(store, "runs", "job-1", attempt=None)
    videos.mark_failed(store, "fails", "It is empty.")
    videos.mark_failed(store, "failed-long-ago", "It is empty.")
    old = "update videos set updated_at = now() - interval '2 hours' where video_id = :video_id"
    execute(store, old, video_id="failed-long-ago")
    value = measure(store)
    assert value["oldest_waiting_seconds"] >= 0
    assert value["database_size_bytes"] > 1_000_000
    counts = ("queue_depth", "processing", "failed_last_hour", "completed_last_hour")
    assert [value[name] for name in counts] == [2, 1, 1, 3]
    assert value["p50_processing_seconds"] == 20.0
    assert round(value["p95_processing_seconds"], 6) == 83.0
    assert value["disk_free_bytes"] == 5_000_000
    statement = text("select metric_type, metric_value from monitoring_metrics")
    (row,) = store.transaction(lambda c: c.execute(statement).all())
    assert row == ("system_health", value)


def test_an_empty_system_is_measured_too(store: Store) -> None:
    value = measure(store)
    assert (value["queue_depth"], value["oldest_waiting_seconds"]) == (0, 0)
    assert value["p95_processing_seconds"] is None
    assert alerts(store) == []


def test_a_stuck_queue_is_told_of_once_per_episode(store: Store) -> None:
    make_old = "update videos set updated_at = now() - interval '31 minutes' where video_id = :v"
    for video_id in ("first", "second"):
        videos.register(store, video_id, "/in/pitch.mp4")
    assert measure(store)["stuck_since"] is None
    execute(store, make_old, v="first")
    since = measure(store)["stuck_since"]
    execute(store, make_old, v="second")
    queue.claim(store, "first", "job-1", attempt=None)
    assert measure(store)["stuck_since"] == since
    assert len(alerts(store)) == 1
    assert "2 videos wait, the oldest for 31 minutes" in alerts(store)[0][1]
    queue.claim(store, "second", "job-2", attempt=None)
    assert measure(store)["stuck_since"] is None
    videos.register(store, "third", "/in/pitch.mp4")
    execute(store, make_old, v="third")
    measure(store)
    assert [kind for kind, _ in alerts(store)] == ["stuck_queue", "stuck_queue"]


def test_a_video_that_is_tried_again_has_waited_since_then_only(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    execute(store, "update videos set uploaded_at = now() - interval '2 days'")
    videos.mark_failed(store, "pitch", "It is empty.")
    videos.retry(store, "pitch")
    assert measure(store)["oldest_waiting_seconds"] < 60


def test_the_daily_budget_is_told_of_once_a_day(store: Store) -> None:
    pay(store, 0.6)
    assert measure(store, budget=1.0)["spent_today_usd"] == 0.6
    assert alerts(store) == []
    pay(store, 0.5)
    pay(store, 5.0)
    execute(
        store,
        "update monitoring_metrics set timestamp = now() - interval '1 day'"
        " where metric_value ->> 'cost_usd' = '5.0'",
    )
    for _ in range(2):
        assert round(measure(store, budget=1.0)["spent_today_usd"], 6) == 1.1
    ((kind, message),) = alerts(store)
    assert kind == "budget"
    assert "$1.10" in message
    assert measure(store, budget=None)["spent_today_usd"] > 1


def pay(store: Store, usd: float) -> None:
    call = factories.vendor_call()
    CallLedger(store, "pitch", "job-1").record(call, factories.vendor_reply(), usd)

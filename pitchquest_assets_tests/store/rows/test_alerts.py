import pytest
from sqlalchemy import text

from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.rows.alerts import raise_alert
from pitchquest_assets.store.store import Store


def told(store: Store) -> list[tuple[str, str, str]]:
    statement = text("select kind, event_key, message from alerts order by id")
    return [tuple(row) for row in store.transaction(lambda c: c.execute(statement).all())]


def test_an_event_is_told_of_once(store: Store) -> None:
    raised = [
        store.transaction(lambda c: raise_alert(c, "drift", "drift:1", "Scores drift."))
        for _ in range(2)
    ]
    assert raised == [True, False]
    assert told(store) == [("drift", "drift:1", "Scores drift.")]


@pytest.mark.parametrize(
    "statement",
    [
        "update videos set status = 'failed', error = 'No sound.' where video_id = 'pitch'",
        "insert into videos (video_id, filename, file_path, status, error)"
        " values ('pitch', 'a', 'a', 'failed', 'No sound.')"
        " on conflict (video_id) do update set status = 'failed', error = excluded.error",
    ],
)
def test_whoever_sets_a_video_to_failed_raises_an_alert(store: Store, statement: str) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    for _ in range(2):
        store.transaction(lambda c: c.execute(text(statement)))
    assert told(store) == [("failed_video", "failed:pitch:0", "pitch: No sound.")]


def test_a_video_that_fails_again_after_a_retry_is_told_of_again(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    for job_id in ("job-1", "job-2"):
        queue.claim(store, "pitch", job_id, attempt=None)
        videos.mark_failed(store, "pitch", "It is empty.", job_id)
        videos.mark_failed(store, "pitch", "It is empty, as said.", job_id)
        videos.retry(store, "pitch")
    assert [key for _, key, _ in told(store)] == ["failed:pitch:0:job-1", "failed:pitch:1:job-2"]


def test_an_alert_goes_with_the_transaction_that_raised_it(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    with store.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("update videos set status = 'failed'"))
        transaction.rollback()
    assert told(store) == []


def test_the_backend_s_role_may_fail_a_video_and_raises_an_alert_too(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    with store.engine.begin() as connection:
        connection.execute(text("set local role service_role"))
        connection.execute(text("update videos set status = 'failed'"))
    assert len(told(store)) == 1

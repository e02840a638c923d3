import json
import re
from typing import Any

from sqlalchemy import text

from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.rows.webhook_events import (
    claim_event,
    give_up_old,
    note_delivered,
    note_failed,
    undelivered,
)
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.places import DOCS
from pitchquest_assets_tests.support.webhooks import let_pass

DAY_SECONDS = 24 * 60 * 60


def told(store: Store) -> list[dict[str, Any]]:
    statement = text("select payload from webhook_events order by id")
    return list(store.transaction(lambda c: c.scalars(statement).all()))


def fail(store: Store, video_id: str = "pitch") -> None:
    videos.register(store, video_id, f"/in/{video_id}.mp4", owner=ALICE)
    videos.mark_failed(store, video_id, "It is empty.")


def test_a_completed_video_makes_one_event_with_its_score(store: Store) -> None:
    result = factories.pitch_result(video_id="pitch")
    videos.register(store, "pitch", "/in/pitch.mp4", owner=ALICE)
    queue.claim(store, "pitch", result.job_id, attempt=0)
    for _ in range(2):  # a step that is tried again stores it twice
        results.save_result(store, result)
    [event] = told(store)
    assert event["type"] == "video.completed"
    assert event["timestamp"].endswith("Z")
    assert event["data"] == {
        "video_id": "pitch",
        "owner": str(ALICE),
        "status": "completed",
        "job_id": result.job_id,
        "attempts": 0,
        "error": None,
        "overall_score": result.results.overall_score,
    }


def test_each_failure_makes_an_event_with_its_sentence(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    for job_id in ("job-1", "job-2"):
        queue.claim(store, "pitch", job_id, attempt=None)
        videos.mark_failed(store, "pitch", "It is empty.", job_id)
        videos.mark_failed(store, "pitch", "It is empty, as said.", job_id)
        videos.retry(store, "pitch")
    data = [
        (event["type"], event["data"]["error"], event["data"]["job_id"]) for event in told(store)
    ]
    assert data == [
        ("video.failed", "It is empty.", "job-1"),
        ("video.failed", "It is empty.", "job-2"),
    ]


def test_an_event_goes_with_the_transaction_that_changed_the_status(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    with store.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("update videos set status = 'failed'"))
        transaction.rollback()
    assert told(store) == []


def test_a_backend_that_sets_the_status_is_told_of_it_too(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    with store.engine.begin() as connection:
        connection.execute(text("set local role service_role"))
        connection.execute(text("update videos set status = 'failed'"))
    assert len(told(store)) == 1


def test_events_are_erased_with_their_video(store: Store) -> None:
    fail(store)
    store.transaction(lambda c: c.execute(text("delete from videos")))
    assert told(store) == []


def test_an_event_that_was_taken_is_due_again_after_its_pause(store: Store) -> None:
    fail(store)
    first = claim_event(store)
    assert first
    assert claim_event(store) is None
    let_pass(store, 20)
    assert claim_event(store) is None
    let_pass(store, 14)
    assert claim_event(store) == first
    let_pass(store, 40)
    assert claim_event(store) is None
    let_pass(store, 30)
    again = claim_event(store)
    assert again
    note_delivered(store, again)
    let_pass(store, 100_000)
    assert claim_event(store) is None


def test_pauses_end_at_an_hour_and_tries_after_three_days(store: Store) -> None:
    fail(store)
    tries = 0
    for _ in range(4 * 24):
        tries += claim_event(store) is not None
        let_pass(store, 3_960)  # an hour and a tenth
    assert 60 < tries < 70
    [body] = told(store)
    assert body["data"]["video_id"] == "pitch"


def test_events_are_taken_in_the_order_in_which_they_are_due(store: Store) -> None:
    for name in ("a", "b", "c"):
        fail(store, name)
    taken = [claim_event(store) for _ in range(4)]
    assert [event and json.loads(event.body)["data"]["video_id"] for event in taken] == [
        "a",
        "b",
        "c",
        None,
    ]


def test_what_was_tried_in_vain_is_counted_with_the_newest_reason(store: Store) -> None:
    assert undelivered(store) == (0, 0, 0, None)
    for name in ("a", "b"):
        fail(store, name)
        event = claim_event(store)
        assert event
        note_failed(store, event, f"{name} answers 500.")
    assert undelivered(store) == (2, 0, 1, "b answers 500.")


def alerts(store: Store) -> list[str]:
    statement = text("select message from alerts where kind = 'webhook' order by id")
    return list(store.transaction(lambda c: c.scalars(statement).all()))


def test_events_that_are_given_up_are_told_of_in_one_alert(store: Store) -> None:
    for name in ("a", "b", "c"):
        fail(store, name)
    for name in ("a", "b"):
        event = claim_event(store)
        assert event
        note_failed(store, event, f"{name} answers 500.")
    assert give_up_old(store, is_told=True) == 0
    let_pass(store, 3 * DAY_SECONDS)
    fail(store, "young")
    assert [give_up_old(store, is_told=True) for _ in range(2)] == [3, 0]
    [told_of] = alerts(store)
    assert told_of.startswith("3 events for PITCHQUEST_WEBHOOK_URL could not be delivered within 3")
    assert "The last reason: b answers 500." in told_of
    assert undelivered(store) == (0, 3, 1, "b answers 500.")
    young = claim_event(store)
    assert young
    assert claim_event(store) is None
    let_pass(store, 3 * DAY_SECONDS)
    assert give_up_old(store, is_told=True) == 1
    assert alerts(store)[1].startswith("1 event for PITCHQUEST_WEBHOOK_URL")


def test_without_a_receiver_nobody_is_told_of_old_events(store: Store) -> None:
    fail(store)
    let_pass(store, 3 * DAY_SECONDS)
    assert give_up_old(store, is_told=False) == 1
    assert give_up_old(store, is_told=True) == 0
    assert alerts(store) == []


def test_what_was_given_up_is_sent_again_as_the_page_for_operators_says(store: Store) -> None:
    fail(store)
    first = claim_event(store)
    let_pass(store, 3 * DAY_SECONDS)
    give_up_old(store, is_told=True)
    assert claim_event(store) is None
    page = (DOCS / "operator.md").read_text()
    [again] = re.findall(r"update webhook_events set [^;]*;", page)
    store.transaction(lambda c: c.execute(text(again)))
    assert claim_event(store) == first

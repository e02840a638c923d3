from datetime import timedelta

from sqlalchemy import text

from pitchquest_assets.store.rows import retention, videos
from pitchquest_assets.store.rows.vendor_calls import CallLedger
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories


def test_each_call_is_one_row_with_what_for_and_how_much(store: Store) -> None:
    book = CallLedger(store, "pitch", "job-1")
    book.record(factories.vendor_call(), factories.vendor_reply(), 0.0016)
    statement = text("select metric_value from monitoring_metrics where metric_type = 'api_cost'")
    (row,) = store.transaction(lambda c: c.scalars(statement).all())
    assert row | {"call_id": ""} == {
        "call_id": "",
        "vendor": "gemini",
        "model": "gemini-3.5-flash-lite-001",
        "purpose": "content",
        "video_id": "pitch",
        "run_id": "job-1",
        "usage": {"input_tokens": 2000, "output_tokens": 400, "audio_seconds": 0.0},
        "cost_usd": 0.0016,
    }


def test_costs_are_summed_by_run_video_and_day(store: Store) -> None:
    call, reply = factories.vendor_call(), factories.vendor_reply()
    first, again = CallLedger(store, "pitch", "job-1"), CallLedger(store, "pitch", "job-2")
    first.record(call, reply, 0.25)
    first.record(factories.vendor_call(purpose="vision"), reply, 0.5)
    again.record(call, reply, None)
    CallLedger(store, "other", "job-3").record(call, reply, 1.0)
    assert (first.paid("content"), first.paid("vision"), again.paid("content")) == (0.25, 0.5, 0)
    assert (again.spent().video_usd, again.spent().today_usd) == (0.75, 1.75)


def test_a_kept_answer_serves_every_run_and_video(store: Store) -> None:
    call, reply = factories.vendor_call(), factories.vendor_reply(body={"items": [1, "ü"]})
    CallLedger(store, "pitch", "job-1").keep(call, reply)
    assert CallLedger(store, "other", "job-2").find(call.key) == reply
    assert CallLedger(store, "other", "job-2").find("another") is None


def test_the_day_s_budget_is_told_of_once(store: Store) -> None:
    book = CallLedger(store, "pitch", "job-1")
    for message in ("first", "second"):
        book.refused(message)
    told = store.transaction(lambda c: c.scalars(text("select message from alerts")).all())
    assert told == ["first"]


def test_answers_are_pruned_with_the_values_of_their_video_and_by_age(store: Store) -> None:
    for video_id in ("done", "waits"):
        videos.register(store, video_id, "/in/pitch.mp4")
        call = factories.vendor_call(key=video_id)
        CallLedger(store, video_id, "job-1").keep(call, factories.vendor_reply())
    videos.mark_failed(store, "done", "It is empty.")
    for video_id in ("done", "waits"):
        retention.prune_video(store, video_id)
    book = CallLedger(store, "waits", "job-2")
    assert book.find("done") is None
    assert retention.prune_answers(store, 7) == 0
    with store.engine.begin() as connection:
        connection.execute(
            text("update vendor_answers set created_at = now() - :age"),
            {"age": timedelta(days=8)},
        )
    assert retention.prune_answers(store, 7) == 1
    assert book.find("waits") is None

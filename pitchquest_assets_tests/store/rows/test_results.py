from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pitchquest_assets.errors import UnknownVideo
from pitchquest_assets.model import PitchResult
from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.rows.asset_values import ValueNotStorable
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.result_rows import count_replaced_results

WHOLE = [
    factories.pitch_result,
    factories.sound_only,
    factories.picture_only,
    factories.untrusted_transcript,
    factories.nothing_measurable,
]


def register_and_save(store: Store, result: PitchResult) -> None:
    videos.register(store, result.video_id, "/in/pitch.mp4")
    queue.claim(store, result.video_id, result.job_id, attempt=None)
    results.save_result(store, result)


@pytest.fixture
def broken_videos(store: Store) -> Iterator[None]:
    """A database that refuses to complete a video."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "create function refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'refused'; end $$;"
        )
        connection.exec_driver_sql(
            "create trigger refuse before update on videos for each row"
            " when (new.status = 'completed') execute function refuse()"
        )
    yield
    with store.engine.begin() as connection:
        connection.exec_driver_sql("drop function refuse() cascade")


@pytest.mark.parametrize("make", WHOLE, ids=lambda make: make.__name__)
def test_a_result_comes_back_equal_and_completes_its_video(store: Store, make) -> None:
    result = make()
    register_and_save(store, result)
    found = results.get_result(store, result.video_id)
    assert found == result
    assert found is not None
    # Not as text: jsonb does not keep the order of keys.
    assert found.model_dump(mode="json") == result.model_dump(mode="json")
    row = videos.get(store, result.video_id)
    assert (row.status, row.error, row.job_id) == ("completed", None, result.job_id)
    assert row.duration_seconds == result.metadata.video_duration_seconds


def test_the_columns_hold_real_json_objects(store: Store) -> None:
    result = factories.pitch_result()
    register_and_save(store, result)
    with store.engine.connect() as connection:
        row = connection.execute(text("select * from analysis_results")).one()
    assert row.feedback == result.feedback.model_dump(mode="json")
    assert row.content_analysis["problem_clarity"] == (
        result.results.content_analysis.problem_clarity
    )
    assert row.created_at == result.timestamp


def test_a_time_in_another_zone_is_the_same_moment(store: Store) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    result = factories.pitch_result(timestamp=datetime(2026, 3, 1, 1, 2, 3, 456_789, east))
    register_and_save(store, result)
    found = results.get_result(store, result.video_id)
    assert found == result
    assert found.timestamp.tzinfo == UTC


def test_a_new_result_replaces_the_old_one_and_keeps_it_in_the_history(store: Store) -> None:
    first = factories.pitch_result(job_id="job-1", overall_score=40)
    second = factories.pitch_result(job_id="job-2", overall_score=70)
    register_and_save(store, first)
    results.save_result(store, first)
    assert count_replaced_results(store, first.video_id) == 0
    results.save_result(store, second)
    assert results.get_result(store, first.video_id) == second
    assert count_replaced_results(store, first.video_id) == 1


def test_the_result_and_the_status_are_stored_both_or_neither(
    store: Store, broken_videos: None
) -> None:
    result = factories.pitch_result()
    with pytest.raises(DBAPIError, match="refused"):
        register_and_save(store, result)
    assert results.get_result(store, result.video_id) is None
    assert videos.get(store, result.video_id).status == "processing"


def test_a_completed_video_stays_completed(store: Store) -> None:
    result = factories.pitch_result()
    register_and_save(store, result)
    assert not videos.mark_failed(store, result.video_id, "Cancelled.", result.job_id)
    assert not videos.mark_failed(store, result.video_id, "Cancelled.")
    assert videos.get(store, result.video_id).status == "completed"


def test_a_result_without_a_registered_video_is_refused(store: Store) -> None:
    with pytest.raises(UnknownVideo, match="is registered"):
        results.save_result(store, factories.pitch_result())


def test_a_zero_character_is_refused_with_a_sentence(store: Store) -> None:
    transcript = factories.transcript_value(text="before\x00after")
    result = factories.pitch_result(transcript=transcript)
    with pytest.raises(ValueNotStorable, match="cannot be stored in PostgreSQL"):
        register_and_save(store, result)


def test_no_result_is_none(store: Store) -> None:
    assert results.get_result(store, "nobody") is None

import uuid
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from pitchquest_assets.analysis.result.aggregate import aggregate
from pitchquest_assets.assets import checks
from pitchquest_assets.automation.failure_causes import cause_of
from pitchquest_assets.definitions import definitions_of
from pitchquest_assets.model import DeliveryAnalysis, Measurement, PitchResult
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.rows.asset_values import Address, save_value
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories

VIDEO = factories.pitch_result().video_id
RESULT = dg.AssetKey("aggregated_result")
REPORT = dg.AssetKey("feedback_report")
LAST_TWO = dg.AssetSelection.assets(RESULT, REPORT)
WITHOUT_CHECKS = LAST_TWO.without_checks()


@pytest.fixture
def inputs(store: Store, instance: dg.DagsterInstance) -> None:
    """A registered video with all that its result and its report are made from."""
    videos.register(store, VIDEO, "/in/pitch.mp4")
    instance.add_dynamic_partitions("videos", [VIDEO])
    values: dict[str, Any] = {
        "source_video": factories.source_video(),
        "frames": factories.frames_value(),
        "transcript": factories.transcript_value(),
        "visual_analysis": factories.visual_analysis(),
        "delivery_analysis": factories.delivery_analysis(),
        "content_analysis": factories.content_analysis(),
    }
    for asset, value in values.items():
        save_value(store, Address(asset, VIDEO), value, run_id="before", code_version=None)


@pytest.fixture
def rows_get_lost(store: Store) -> Iterator[None]:
    """A database that takes a result and keeps nothing of it."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "create function lose_row() returns trigger language plpgsql as"
            " 'begin return null; end';"
            "create trigger lose_row before insert on analysis_results"
            " for each row execute function lose_row()"
        )
    yield
    with store.engine.begin() as connection:
        connection.exec_driver_sql("drop function lose_row cascade")


def finish(
    instance: dg.DagsterInstance,
    store: Store,
    selection: dg.AssetSelection = WITHOUT_CHECKS,
) -> dg.ExecuteInProcessResult:
    """A run that has the video and makes its last two assets, like the job `analyze_pitch`."""
    run_id = str(uuid.uuid4())
    queue.claim(store, VIDEO, run_id, attempt=None)
    last = dg.Definitions(jobs=[dg.define_asset_job("last", selection=selection)])
    return (
        dg.Definitions.merge(definitions_of(load_settings()), last)
        .resolve_job_def("last")
        .execute_in_process(
            instance=instance, partition_key=VIDEO, run_id=run_id, raise_on_error=False
        )
    )


def voice(over_background_db: float | None) -> DeliveryAnalysis:
    reason = "no background" if over_background_db is None else None
    measured = Measurement(value=over_background_db, unit="dB", reason=reason)
    return factories.delivery_analysis(measurements={"voice_over_background": measured})


def evaluations(run: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in run.get_asset_check_evaluations()}


def history(instance: dg.DagsterInstance, check: str) -> list[tuple[str | None, str, str]]:
    """What Dagit lists on the page of a check of the result."""
    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(RESULT, check), limit=10
    )
    return [(one.partition, one.run_id, one.status.value) for one in records]


@pytest.mark.usefixtures("inputs")
def test_a_result_is_judged_in_the_step_that_makes_it(
    instance: dg.DagsterInstance, store: Store
) -> None:
    run = finish(instance, store)
    assert run.success
    assert evaluations(run) == {"score_adds_up": True, "result_can_be_read": True}
    for check in ("score_adds_up", "result_can_be_read"):
        assert history(instance, check) == [(VIDEO, run.run_id, "SUCCEEDED")]
    assert {event.step_key for event in run.all_events if event.is_step_start} == {
        "aggregated_result",
        "feedback_report",
    }


@pytest.mark.usefixtures("inputs")
def test_a_score_that_does_not_add_up_is_not_stored_and_fails_the_video_without_a_retry(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(**parts: Any) -> PitchResult:
        result = aggregate(**parts)
        found = result.results.model_copy(update={"overall_score": 7})
        return result.model_copy(update={"results": found})

    monkeypatch.setattr("pitchquest_assets.assets.aggregated_result.aggregate", wrong)
    run = finish(instance, store)
    assert not run.success
    assert not any(event.is_step_up_for_retry for event in run.all_events)
    assert evaluations(run) == {"score_adds_up": False}
    assert history(instance, "score_adds_up") == [(VIDEO, run.run_id, "FAILED")]
    assert history(instance, "result_can_be_read") == []
    sentence = cause_of(run.all_events).sentence
    assert sentence.startswith("The score is 7, the weighted mean of its parts ")
    row = videos.get(store, VIDEO)
    assert (row.status, row.error) == ("failed", sentence)
    assert results.get_result(store, VIDEO) is None
    assert instance.get_materialized_partitions(RESULT) == set()


@pytest.mark.usefixtures("inputs", "rows_get_lost")
def test_a_result_that_cannot_be_read_blocks_the_report_and_fails_the_video(
    instance: dg.DagsterInstance, store: Store
) -> None:
    run = finish(instance, store)
    assert not run.success
    assert not any(event.is_step_up_for_retry for event in run.all_events)
    assert evaluations(run) == {"score_adds_up": True, "result_can_be_read": False}
    assert history(instance, "result_can_be_read") == [(VIDEO, run.run_id, "FAILED")]
    sentence = "The row in analysis_results is missing."
    assert cause_of(run.all_events).sentence == sentence
    row = videos.get(store, VIDEO)
    assert (row.status, row.error) == ("failed", sentence)
    assert instance.get_materialized_partitions(REPORT) == set()


@pytest.mark.usefixtures("inputs")
def test_in_a_run_from_the_asset_page_each_check_is_a_step_and_has_one_row(
    instance: dg.DagsterInstance, store: Store
) -> None:
    run = finish(instance, store, LAST_TWO)
    assert run.success
    for check in ("score_adds_up", "result_can_be_read"):
        assert history(instance, check) == [(VIDEO, run.run_id, "SUCCEEDED")]
        assert run.is_node_success(f"aggregated_result_{check}")


def test_a_result_in_a_shape_that_nobody_knows_cannot_be_read(store: Store) -> None:
    result = factories.pitch_result()
    videos.register(store, VIDEO, "/in/pitch.mp4")
    results.save_result(store, result)
    judge = checks.RESULT_CAN_BE_READ.judge
    assert judge(result, store).passed
    newer = result.model_copy(update={"job_id": "another"})
    assert judge(newer, store) == checks.Verdict(
        False, f"The row in analysis_results holds another result (run {result.job_id})."
    )
    with store.engine.begin() as connection:
        connection.execute(text("update analysis_results set metadata = '{}'"))
    verdict = judge(result, store)
    assert not verdict.passed
    assert verdict.sentence.startswith("The row in analysis_results cannot be read: metadata.")


@pytest.mark.parametrize(
    ("check", "value", "passed", "sentence"),
    [
        (checks.TRANSCRIPT_IS_TRUSTED, factories.transcript_value(), True, "can be trusted"),
        (checks.TRANSCRIPT_IS_TRUSTED, factories.no_transcript(), False, "no sound"),
        (checks.PICTURE_IS_USABLE, factories.visual_analysis(), True, "of 10"),
        (checks.PICTURE_IS_USABLE, factories.unmeasured_visual("black"), False, "Not measured"),
        (checks.SOUND_IS_USABLE, voice(12), True, "is 12 dB over the background"),
        (checks.SOUND_IS_USABLE, voice(9), False, "is 9 dB over the background"),
        (checks.SOUND_IS_USABLE, voice(None), False, "Not measured: no background"),
        (checks.SCORE_ADDS_UP, factories.pitch_result(), True, "weighted mean"),
        (checks.SCORE_ADDS_UP, factories.pitch_result(overall_score=7), False, "is 7"),
        (checks.SCORE_ADDS_UP, factories.nothing_measurable(), True, "There is no overall score"),
    ],
)
def test_each_check_says_in_a_sentence_what_it_found(
    store: Store, check: checks.ValueCheck, value: Any, passed: bool, sentence: str
) -> None:
    verdict = check.judge(value, store)
    assert verdict.passed is passed
    assert sentence in verdict.sentence

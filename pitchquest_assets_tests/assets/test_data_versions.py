from pitchquest_assets.assets.data_versions import data_version_of
from pitchquest_assets_tests.support import factories


def test_the_same_value_of_two_runs_has_one_version() -> None:
    first, again = (
        factories.pitch_result(job_id=job, processing_time_seconds=seconds)
        for job, seconds in (("run-1", 3.0), ("run-2", 5.0))
    )
    assert data_version_of(first, "1") == data_version_of(again, "1")
    paid, kept = (factories.transcript_value(cost_usd=cost) for cost in (0.1, 0.0))
    assert data_version_of(paid, "1") == data_version_of(kept, "1")


def test_another_value_engine_rubric_or_code_has_another_version() -> None:
    values = [
        (factories.transcript_value(), "1"),
        (factories.transcript_value(), "2"),
        (factories.transcript_value(engine="openai"), "1"),
        (factories.transcript_value(model="small.en"), "1"),
        (factories.transcript_value(text="Nothing."), "1"),
        (factories.content_analysis(rubric="pitchquest 1"), "1"),
        (factories.content_analysis(rubric="pitchquest 2"), "1"),
        (factories.content_analysis(prompt_version="2"), "1"),
        (factories.frames_value(count=2), "1"),
        (factories.frames_value(count=2).model_copy(update={"payload": b"others"}), "1"),
    ]
    assert len({data_version_of(value, version).value for value, version in values}) == len(values)

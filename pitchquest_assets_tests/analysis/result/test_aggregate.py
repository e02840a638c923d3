"""What the result says about the engines that made it, and what they cost."""

from datetime import UTC, datetime

import pytest

from pitchquest_assets.analysis.result.aggregate import aggregate
from pitchquest_assets.model import (
    ContentAnalysis,
    Costs,
    DeliveryAnalysis,
    ResultMetadata,
    Transcript,
    VisualAnalysis,
)
from pitchquest_assets_tests.support import factories


def metadata_of(
    transcript: Transcript | None = None,
    visual: VisualAnalysis | None = None,
    content: ContentAnalysis | None = None,
    delivery: DeliveryAnalysis | None = None,
) -> ResultMetadata:
    return aggregate(
        source=factories.source_video(),
        transcript=transcript or factories.transcript_value(),
        visual=visual or factories.visual_analysis(),
        delivery=delivery or factories.delivery_analysis(),
        content=content or factories.content_analysis(),
        job_id="job-1",
        timestamp=datetime(2026, 11, 20, tzinfo=UTC),
        processing_time_seconds=1.0,
        options=factories.options(),
        runs={"transcript": "job-1"},
    ).metadata


def test_the_total_is_the_sum_of_what_each_job_cost() -> None:
    metadata = metadata_of(
        factories.transcript_value(cost_usd=0.1),
        factories.visual_analysis(cost_usd=0.2),
        factories.content_analysis(cost_usd=0.00000033),
    )
    assert metadata.costs == Costs(
        whisper_api=0.1, gemini_vision=0.2, gemini_text=0.00000033, total_usd=0.30000033
    )


def test_judges_are_named_with_their_models_and_prompts() -> None:
    metadata = metadata_of(
        visual=factories.visual_analysis(judge="gemini: g-1", prompt_version="1.2.0"),
        content=factories.content_analysis(
            judge="openai", judge_model="llama-4", prompt_version="1.1.0", warnings=["look"]
        ),
    )
    assert metadata.models_used.content == "openai: llama-4"
    assert metadata.models_used.vision == "yunet_2026may + gemini: g-1"
    assert metadata.engine_versions["content_prompt"] == "1.1.0"
    assert metadata.engine_versions["vision_prompt"] == "1.2.0"
    assert "look" in metadata.warnings


def test_a_warning_of_any_part_reaches_the_result() -> None:
    metadata = metadata_of(
        factories.transcript_value(warnings=["of the words"]),
        factories.visual_analysis(warnings=["of the frames"]),
        factories.content_analysis(warnings=["of the judge"]),
        factories.delivery_analysis(warnings=["of the sound"]),
    )
    found = [warning for warning in metadata.warnings if warning.startswith("of the")]
    assert sorted(found) == ["of the frames", "of the judge", "of the sound", "of the words"]


def test_without_a_language_model_no_prompt_is_named() -> None:
    metadata = metadata_of()
    assert (metadata.models_used.content, metadata.models_used.vision) == ("rules", "yunet_2026may")
    assert metadata.costs == Costs()
    assert not any("prompt" in name for name in metadata.engine_versions)


def test_where_nothing_could_be_scored_no_judge_is_named() -> None:
    silent = factories.content_analysis("nothing was said", judge="gemini")
    assert metadata_of(content=silent).models_used.content is None


@pytest.mark.parametrize("model", [None, "wav2vec2-emotion (float32)"])
def test_the_emotion_model_and_what_ran_it_are_named_where_it_was_used(model: str | None) -> None:
    metadata = metadata_of(delivery=factories.delivery_analysis(emotion_model=model))
    assert metadata.models_used.emotion == model
    assert ("torch" in metadata.engine_versions) == (model is not None)

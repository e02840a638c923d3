"""One whole result of the invented pitch, with its feedback and metadata."""

from datetime import UTC, datetime
from typing import Any

from pitchquest_assets.model import (
    Costs,
    Evidence,
    Feedback,
    FeedbackLists,
    ModelsUsed,
    Options,
    PartScore,
    PitchResult,
    ResultMetadata,
    Results,
    Rubric,
)
from pitchquest_assets_tests.support.factories.analyses import (
    content_analysis,
    delivery_analysis,
    visual_analysis,
)
from pitchquest_assets_tests.support.factories.media import source_video
from pitchquest_assets_tests.support.factories.transcripts import second_of, transcript_value


def feedback_lists(**overrides: Any) -> FeedbackLists:
    problem = "Every winter, one greenhouse in five loses its crop"
    values: dict[str, Any] = {
        "strengths": [
            Feedback(
                title="The problem is concrete",
                detail="You say who has it, how often it happens and what it costs.",
                part="content",
                evidence=Evidence(quote=problem, time_seconds=second_of(problem)),
            ),
            Feedback(
                title="The ask is complete",
                detail="An amount, a goal and a date in one sentence.",
                part="content",
                evidence=Evidence(
                    quote="We are raising eight hundred thousand euros",
                    time_seconds=second_of("We are raising eight hundred thousand euros"),
                ),
            ),
            Feedback(
                title="You are easy to see",
                detail="Your face is in the picture almost all the time.",
                part="visual",
                evidence=Evidence(measurement="a face in 94 % of 50 frames"),
            ),
        ],
        "improvements": [
            Feedback(
                title="Say why now",
                detail="Name the change that makes this possible today and was not there before.",
                part="content",
                evidence=Evidence(measurement="no sentence about timing was found"),
                points=4.8,
            ),
            Feedback(
                title="Shorten the long pause",
                detail="A silence this long reads as a lost thread.",
                part="delivery",
                evidence=Evidence(
                    measurement="2.7 s without voice", time_seconds=second_of("Growers") - 2.7
                ),
                points=1.0,
            ),
            Feedback(
                title="Stay in the frame",
                detail="For a few seconds no face is in the picture.",
                part="visual",
                evidence=Evidence(measurement="no face for 4.0 s", time_seconds=31.5),
                points=0.3,
            ),
        ],
    }
    return FeedbackLists(**(values | overrides))


def options(**overrides: Any) -> Options:
    values: dict[str, Any] = {
        "transcriber": "auto",
        "whisper_model": "base.en",
        "judge": "auto",
        "judge_samples": 1,
        "language": None,
        "max_frames": 50,
    }
    return Options(**(values | overrides))


def result_metadata(**overrides: Any) -> ResultMetadata:
    transcript = overrides.get("transcript") or transcript_value()
    source = overrides.get("source") or source_video()
    values: dict[str, Any] = {
        "video_duration_seconds": source.duration_seconds,
        "frames_analyzed": 50,
        "models_used": ModelsUsed(
            transcription="whisper base.en", emotion=None, vision="yunet_2026may", content="rules"
        ),
        "costs": Costs(),
        "rubric": Rubric(
            name="pitchquest",
            version="1",
            weights={"content": 60.0, "delivery": 25.0, "visual": 15.0},
        ),
        "coverage": 0.93,
        "parts": {
            "content": PartScore(score=71.2, weight=60.0, coverage=0.95),
            "delivery": PartScore(score=69.0, weight=25.0, coverage=1.0),
            "visual": PartScore(score=82.0, weight=15.0, coverage=0.75),
        },
        "engine_versions": {"faster-whisper": "1.2.1", "opencv": "4.14.0", "praat": "6.4.27"},
        "options": options(),
        "runs": {"transcript": "run-1", "content_analysis": "run-1"},
        "transcript": transcript,
        "source": source,
    }
    return ResultMetadata(**(values | overrides))


def pitch_result(**overrides: Any) -> PitchResult:
    """One whole result. Overrides are fields of PitchResult, or of its `results` and `metadata`."""
    overrides = dict(overrides)
    metadata = overrides.pop("metadata", None) or result_metadata(
        **_picked(overrides, ResultMetadata)
    )
    results = overrides.pop("results", None) or Results(
        **(
            {
                "overall_score": 72,
                "content_analysis": content_analysis(),
                "delivery_analysis": delivery_analysis(),
                "visual_analysis": visual_analysis(),
            }
            | _picked(overrides, Results)
        )
    )
    values: dict[str, Any] = {
        "video_id": metadata.source.video_id,
        "job_id": "6f1c1f6e-0f7f-4b6e-9a53-1d1a5f0a7c11",
        "timestamp": datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC),
        "processing_time_seconds": 21.4,
        "results": results,
        "feedback": feedback_lists(),
        "metadata": metadata,
    }
    return PitchResult(**(values | overrides))


def _picked(overrides: dict[str, Any], model: type[Any]) -> dict[str, Any]:
    return {name: overrides.pop(name) for name in model.model_fields if name in overrides}

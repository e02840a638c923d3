"""Builds one result from the parts: scores, feedback, and how they were made."""

from datetime import datetime
from importlib.metadata import version

from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.result.feedback import give_feedback
from pitchquest_assets.analysis.result.scoring import score
from pitchquest_assets.model import (
    ContentAnalysis,
    Costs,
    DeliveryAnalysis,
    ModelsUsed,
    Options,
    PitchResult,
    ResultMetadata,
    Results,
    Rubric,
    SourceVideo,
    Transcript,
    VisualAnalysis,
)

MEASURING_PACKAGES = (
    "pitchquest-assets",
    "av",
    "faster-whisper",
    "opencv-python-headless",
    "pocketsphinx",
    "praat-parselmouth",
)
EMOTION_PACKAGES = ("torch", "transformers")
# Avoids sums like 0.30000000000000004; one token costs more than the last decimal.
COST_DECIMALS = 8


def aggregate(
    *,
    source: SourceVideo,
    transcript: Transcript,
    visual: VisualAnalysis,
    delivery: DeliveryAnalysis,
    content: ContentAnalysis,
    job_id: str,
    timestamp: datetime,
    processing_time_seconds: float,
    options: Options | None,
    runs: dict[str, str],
) -> PitchResult:
    """Build the whole result of one video.

    Args:
        job_id: the run that made it.
        timestamp: when it was made, with a time zone.
        processing_time_seconds: how long that took.
        options: the options of the run that made all parts; None if several runs did.
        runs: the run that made each part, by asset.
    """
    rubric = load_rubric()
    overall = score(content, delivery, visual, rubric)
    warnings = [
        warning
        for value in (source, transcript, visual, delivery, content)
        for warning in value.warnings
    ]
    return PitchResult(
        video_id=source.video_id,
        job_id=job_id,
        timestamp=timestamp,
        processing_time_seconds=processing_time_seconds,
        results=Results(
            overall_score=overall.overall,
            content_analysis=content,
            delivery_analysis=delivery,
            visual_analysis=visual,
        ),
        feedback=give_feedback(content, delivery, visual, rubric),
        metadata=ResultMetadata(
            video_duration_seconds=source.duration_seconds,
            frames_analyzed=visual.frames_analyzed,
            models_used=_models_used(transcript, delivery, visual, content),
            costs=_costs(transcript, visual, content),
            rubric=Rubric(name=rubric.name, version=rubric.version, weights=rubric.part_weights),
            coverage=overall.coverage,
            unscored=overall.reason,
            parts=overall.parts,
            engine_versions={name: version(name) for name in _measuring_packages(delivery)}
            | _prompt_versions(content, visual),
            options=options,
            runs=runs,
            transcript=transcript,
            source=source,
            warnings=list(dict.fromkeys(warnings)),
        ),
    )


def _models_used(
    transcript: Transcript,
    delivery: DeliveryAnalysis,
    visual: VisualAnalysis,
    content: ContentAnalysis,
) -> ModelsUsed:
    return ModelsUsed(
        transcription=_transcriber(transcript),
        emotion=delivery.emotion_model,
        vision=_joined(visual.detector, visual.judge),
        content=_content_judge(content),
    )


def _measuring_packages(delivery: DeliveryAnalysis) -> tuple[str, ...]:
    return MEASURING_PACKAGES + (EMOTION_PACKAGES if delivery.emotion_model else ())


def _transcriber(transcript: Transcript) -> str | None:
    if transcript.engine == "none":
        return None
    return f"{transcript.engine}: {transcript.model}"


def _content_judge(content: ContentAnalysis) -> str | None:
    if all(item.score is None for item in content.items):
        return None
    return f"{content.judge}: {content.judge_model}" if content.judge_model else content.judge


def _joined(*names: str | None) -> str | None:
    return " + ".join(name for name in names if name) or None


def _prompt_versions(content: ContentAnalysis, visual: VisualAnalysis) -> dict[str, str]:
    """The versions of the prompts: another wording moves scores just as another model does."""
    versions = {
        "content_prompt": content.prompt_version,
        "vision_prompt": visual.prompt_version,
    }
    return {name: version for name, version in versions.items() if version}


def _costs(transcript: Transcript, visual: VisualAnalysis, content: ContentAnalysis) -> Costs:
    """What each job cost, and the total, in US dollars."""
    return Costs(
        whisper_api=transcript.cost_usd,
        gemini_vision=visual.cost_usd,
        gemini_text=content.cost_usd,
        total_usd=round(transcript.cost_usd + visual.cost_usd + content.cost_usd, COST_DECIMALS),
    )

"""One result from the parts: scores, feedback, and how it all came about."""

from datetime import datetime
from importlib.metadata import version

from pitchquest_assets.analysis.feedback import give_feedback
from pitchquest_assets.analysis.rubric import load_rubric
from pitchquest_assets.analysis.scoring import score
from pitchquest_assets.model import (
    ContentAnalysis,
    Costs,
    DeliveryAnalysis,
    ModelsUsed,
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
) -> PitchResult:
    """The whole result of one video; `timestamp` is aware, `job_id` the run that made it."""
    rubric = load_rubric()
    overall = score(content, delivery, visual, rubric)
    warnings = [*source.warnings, *transcript.warnings, *visual.warnings, *delivery.warnings]
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
            models_used=ModelsUsed(
                transcription=_transcriber(transcript),
                emotion=None,
                vision=visual.detector,
                content=None if content.problem_clarity is None else content.judge,
            ),
            costs=Costs(),
            rubric=Rubric(name=rubric.name, version=rubric.version, weights=rubric.part_weights),
            coverage=overall.coverage,
            parts=overall.parts,
            engine_versions={name: version(name) for name in MEASURING_PACKAGES},
            transcript=transcript,
            source=source,
            warnings=list(dict.fromkeys(warnings)),
        ),
    )


def _transcriber(transcript: Transcript) -> str | None:
    if transcript.engine == "none":
        return None
    return f"{transcript.engine}: {transcript.model}"

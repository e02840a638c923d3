"""The result that the backend reads."""

import time
from datetime import UTC, datetime

import dagster as dg

from pitchquest_assets.analysis.result.aggregate import aggregate
from pitchquest_assets.assets.checks import RESULT_CAN_BE_READ, SCORE_ADDS_UP
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.model import (
    ContentAnalysis,
    DeliveryAnalysis,
    PitchResult,
    SourceVideo,
    Transcript,
    VisualAnalysis,
)


@video_asset(
    code_version="3",
    group="result",
    kinds={"postgres"},
    guards=(SCORE_ADDS_UP,),
    checks=(RESULT_CAN_BE_READ,),
)
def aggregated_result(
    context: dg.AssetExecutionContext,
    source_video: SourceVideo,
    transcript: Transcript,
    visual_analysis: VisualAnalysis,
    delivery_analysis: DeliveryAnalysis,
    content_analysis: ContentAnalysis,
) -> PitchResult:
    """Overall score 0–100, its parts, coverage, strengths, improvements: the backend's one row.

    The row and the status 'completed' are written in one transaction.
    """
    record = context.instance.get_run_record_by_id(context.run.run_id)
    started = record.start_time if record and record.start_time else time.time()
    result = aggregate(
        source=source_video,
        transcript=transcript,
        visual=visual_analysis,
        delivery=delivery_analysis,
        content=content_analysis,
        job_id=context.run.run_id,
        timestamp=datetime.now(UTC),
        processing_time_seconds=round(time.time() - started, 2),
    )
    metadata = result.metadata
    pace = delivery_analysis.measurements["speech_rate"]
    context.add_asset_metadata(
        {
            "overall_score": dg.MetadataValue.text("not scored")
            if result.results.overall_score is None
            else result.results.overall_score,
            "coverage": metadata.coverage,
            **{
                f"{name}_score": dg.MetadataValue.text("not scored")
                if part.score is None
                else part.score
                for name, part in metadata.parts.items()
            },
            "speech_rate_wpm": pace.value or pace.reason or "",
            "duration_seconds": metadata.video_duration_seconds,
            "frames": metadata.frames_analyzed,
            "transcript_engine": transcript.engine,
            "cost_usd": metadata.costs.total_usd,
            "processing_seconds": result.processing_time_seconds,
            "warnings": metadata.warnings,
        }
    )
    return result

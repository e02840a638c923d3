"""The result that the backend reads."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from pitchquest_assets.analysis.result.aggregate import aggregate
from pitchquest_assets.assets.checks import RESULT_CAN_BE_READ, SCORE_ADDS_UP
from pitchquest_assets.assets.metadata import result_metadata
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.model import (
    ContentAnalysis,
    DeliveryAnalysis,
    PitchResult,
    SourceVideo,
    Transcript,
    VisualAnalysis,
)
from pitchquest_assets.resources import OptionsResource
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import asset_values
from pitchquest_assets.store.rows.asset_values import Made

PARTS = (
    "source_video",
    "transcript",
    "visual_analysis",
    "delivery_analysis",
    "content_analysis",
)


@video_asset(
    code_version="5",
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
    store: StoreResource,
    options: OptionsResource,
) -> PitchResult:
    """Overall score 0–100, its parts, coverage, strengths, improvements: the row backends read.

    The row and the status 'completed' are written in one transaction.
    """
    run_id = context.run.run_id
    parts = asset_values.made(store.store(), context.partition_key, PARTS)
    result = aggregate(
        source=source_video,
        transcript=transcript,
        visual=visual_analysis,
        delivery=delivery_analysis,
        content=content_analysis,
        job_id=run_id,
        timestamp=datetime.now(UTC),
        processing_time_seconds=_seconds(context, parts),
        options=options.chosen() if {part.run_id for part in parts} == {run_id} else None,
        runs={part.asset_key: part.run_id for part in parts},
    )
    context.add_asset_metadata(result_metadata(result))
    return result


def _seconds(context: dg.AssetExecutionContext, parts: Sequence[Made]) -> float:
    """The seconds of all runs that made the parts, each from its start to its last part.

    This run counts up to now; a run that was deleted in Dagit is left out.
    """
    ends = {part.run_id: part.at.timestamp() for part in sorted(parts, key=lambda part: part.at)}
    ends[context.run.run_id] = time.time()
    total = 0.0
    for run_id, end in ends.items():
        record = context.instance.get_run_record_by_id(run_id)
        if record and record.start_time:
            total += end - record.start_time
    return round(total, 2)

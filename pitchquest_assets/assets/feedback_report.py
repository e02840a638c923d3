"""The report that the founder reads."""

import dagster as dg

from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.model import Frames, PitchResult, Report
from pitchquest_assets.report.render import render_report
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows.retention import prune_video
from pitchquest_assets.store.store import Store


def _keep_no_longer(store: Store, settings: Settings, video_id: str) -> None:
    """With RETENTION_DAYS=0 the intermediate values go as soon as nothing needs them any more."""
    if settings.retention_days == 0:
        prune_video(store, video_id)


# Dagster looks one step up for what is stale, and the report prints the words.
@video_asset(
    code_version="2",
    group="result",
    kinds={"html"},
    deps=("transcript",),
    afterwards=_keep_no_longer,
)
def feedback_report(
    context: dg.AssetExecutionContext, aggregated_result: PitchResult, frames: Frames
) -> Report:
    """One self-contained HTML file: score, evidence, timeline, transcript, frames."""
    report = render_report(aggregated_result, frames)
    context.add_asset_metadata({"size_mb": round(len(report.payload) / 1e6, 2)})
    return report

"""The report that the founder reads."""

import dagster as dg

from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.model import Frames, PitchResult, Report
from pitchquest_assets.report.render import render_report
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows.retention import prune_video
from pitchquest_assets.store.store import Store


def _keep_no_longer(store: Store, settings: Settings, video_id: str) -> None:
    """With RETENTION_DAYS=0, remove the intermediate values now that nothing needs them."""
    if settings.retention_days == 0:
        prune_video(store, video_id)


# The report prints the transcript, and Dagster compares only an asset's direct inputs.
@video_asset(
    code_version="4",
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

"""The report that the founder reads."""

import dagster as dg

from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.model import Frames, PitchResult, Report
from pitchquest_assets.report.render import render_report


@video_asset(code_version="1", group="result", kinds={"html"})
def feedback_report(
    context: dg.AssetExecutionContext, aggregated_result: PitchResult, frames: Frames
) -> Report:
    """One self-contained HTML file: score, evidence, timeline, transcript, frames."""
    report = render_report(aggregated_result, frames)
    context.add_asset_metadata({"size_mb": round(len(report.payload) / 1e6, 2)})
    return report

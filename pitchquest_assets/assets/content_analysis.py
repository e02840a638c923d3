"""What the pitch contains."""

import dagster as dg

from pitchquest_assets.analysis.content import judge_content
from pitchquest_assets.analysis.rubric import load_rubric
from pitchquest_assets.assets.metadata import markdown_table
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.model import ContentAnalysis, Transcript


@video_asset(code_version="2", group="analysis", kinds={"text"}, pool="gemini")
def content_analysis(context: dg.AssetExecutionContext, transcript: Transcript) -> ContentAnalysis:
    """The ten rubric items, 0–5 each, with the sentence that showed it and its second.

    All null with the reason where the transcript cannot be trusted.
    """
    rubric = load_rubric()
    analysis = judge_content(transcript, rubric)
    rows = [
        (
            item.title,
            "–" if item.score is None else str(item.score),
            (item.evidence[0].quote if item.evidence else item.reason) or "",
        )
        for item in analysis.items
    ]
    context.add_asset_metadata(
        {
            "judge": analysis.judge,
            "rubric": f"{rubric.name} {rubric.version}",
            "items": markdown_table(("item", "0–5", "evidence"), rows),
            "cost_usd": 0.0,
        }
    )
    return analysis

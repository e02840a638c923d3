"""What the pitch contains."""

import dagster as dg

from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.assets.engines import EnginesResource
from pitchquest_assets.assets.metadata import markdown_table
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.engines.judges.content import judge_content
from pitchquest_assets.model import ContentAnalysis, Transcript


@video_asset(code_version="3", group="analysis", kinds={"text"}, pool="gemini")
def content_analysis(
    context: dg.AssetExecutionContext,
    transcript: Transcript,
    engines: EnginesResource,
) -> ContentAnalysis:
    """The ten rubric items, 0–5 each, with the sentence that showed it and its second.

    By rules or by a language model (the run's option, or PITCHQUEST_JUDGE). All null with the
    reason where the transcript cannot be trusted; fails where the chosen judge does not answer, or
    not usably: no other takes its place.
    """
    rubric = load_rubric()
    judged = judge_content(transcript, rubric, engines.caller_of(context))
    analysis = judged.model_copy(update={"rubric": f"{rubric.name} {rubric.version}"})
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
            "rubric": analysis.rubric or "",
            "items": markdown_table(("item", "0–5", "evidence"), rows),
            "model": analysis.judge_model or "",
            "prompt": analysis.prompt_version or "",
            "samples": analysis.samples or 0,
            "warnings": analysis.warnings,
            "cost_usd": analysis.cost_usd,
        }
    )
    return analysis

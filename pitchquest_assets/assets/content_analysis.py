"""What the pitch contains."""

import dagster as dg

from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.assets.engines import EnginesResource
from pitchquest_assets.assets.metadata import content_metadata
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.engines.judges.content import judge_content
from pitchquest_assets.model import ContentAnalysis, Transcript


@video_asset(code_version="4", group="analysis", kinds={"text"}, pool="gemini")
def content_analysis(
    context: dg.AssetExecutionContext,
    transcript: Transcript,
    engines: EnginesResource,
) -> ContentAnalysis:
    """The ten rubric items, 0–5 each, with the sentence that showed it and its time (s).

    By the local judge or by a language model (the run's option, or PITCHQUEST_JUDGE). All null,
    with a reason, if the transcript cannot be trusted or is not a pitch. Fails if the chosen judge
    gives no usable answer; no other judge takes its place.
    """
    rubric = load_rubric()
    judged = judge_content(transcript, rubric, engines.caller_of(context))
    analysis = judged.model_copy(update={"rubric": f"{rubric.name} {rubric.version}"})
    context.add_asset_metadata(content_metadata(analysis))
    return analysis

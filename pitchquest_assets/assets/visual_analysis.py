"""What was seen."""

import dagster as dg

from pitchquest_assets.analysis.visual.analyse import analyse_visual
from pitchquest_assets.assets.checks import PICTURE_IS_USABLE
from pitchquest_assets.assets.engines import EnginesResource
from pitchquest_assets.assets.metadata import analysis_metadata
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.engines.judges.vision import judge_pictures
from pitchquest_assets.engines.weights import fetch as models
from pitchquest_assets.model import Frames, VisualAnalysis


@video_asset(
    code_version="5",
    group="analysis",
    kinds={"image"},
    checks=(PICTURE_IS_USABLE,),
    pool="gemini",
)
def visual_analysis(
    context: dg.AssetExecutionContext,
    frames: Frames,
    engines: EnginesResource,
) -> VisualAnalysis:
    """Face presence, framing, movement and picture quality of the sampled frames.

    Camera-facing share and smile need the landmarks of YuNet and are null without its model. A
    vision judge (PITCHQUEST_VISION_JUDGE) adds posture, body language, eye contact and slides, but
    changes no figure and no overall score; if it is on and gives no usable answer, this fails.
    """
    model = None
    if frames.frames:
        model = models.fetch_faces(engines.settings(), engines.progress_of(context))
    measured = analyse_visual(frames, yunet_model=model)
    analysis = judge_pictures(frames, measured, engines.caller_of(context))
    context.add_asset_metadata(
        {
            "frames": analysis.frames_analyzed,
            "detector": analysis.detector or "none",
            "judge": analysis.judge or "none",
            "cost_usd": analysis.cost_usd,
            **analysis_metadata(analysis.scores, analysis.measurements),
        }
    )
    return analysis

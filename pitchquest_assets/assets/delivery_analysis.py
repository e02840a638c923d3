"""How it was said."""

import dagster as dg

from pitchquest_assets.analysis.delivery import analyse_delivery
from pitchquest_assets.assets.checks import SOUND_IS_USABLE
from pitchquest_assets.assets.metadata import analysis_metadata
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.model import Audio, DeliveryAnalysis, Transcript


@video_asset(code_version="2", group="analysis", kinds={"audio"}, checks=(SOUND_IS_USABLE,))
def delivery_analysis(
    context: dg.AssetExecutionContext, audio: Audio, transcript: Transcript
) -> DeliveryAnalysis:
    """Pace (wpm), pauses (s), fillers, pitch (semitones), loudness (dB), with events and timeline.

    Pace and fillers are null where the transcript cannot be trusted, everything without a voice.
    """
    analysis = analyse_delivery(audio, transcript)
    context.add_asset_metadata(
        {
            "speaking_pace": analysis.speaking_pace or "not measured",
            **analysis_metadata(analysis.scores, analysis.measurements),
        }
    )
    return analysis

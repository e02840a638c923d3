"""How it was said."""

import dagster as dg

from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.assets.checks import SOUND_IS_USABLE
from pitchquest_assets.assets.engines import EnginesResource
from pitchquest_assets.assets.metadata import analysis_metadata
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.engines.emotion import hear_energy
from pitchquest_assets.model import Audio, DeliveryAnalysis, Transcript


@video_asset(code_version="8", group="analysis", kinds={"audio"}, checks=(SOUND_IS_USABLE,))
def delivery_analysis(
    context: dg.AssetExecutionContext,
    audio: Audio,
    transcript: Transcript,
    engines: EnginesResource,
) -> DeliveryAnalysis:
    """Pace (wpm), pauses (s), fillers, pitch (semitones), loudness (dB), with events and timeline.

    Pace and fillers are null if too many words of the transcript are expected to be wrong for them;
    without a voice, everything is null. Vocal energy (0–1) is measured only with
    PITCHQUEST_EMOTION=on; then fails if its model is missing.
    """
    energy = hear_energy(audio, engines.settings(), engines.progress_of(context))
    analysis = analyse_delivery(audio, transcript, energy)
    context.add_asset_metadata(
        {
            "speaking_pace": analysis.speaking_pace or "not measured",
            "emotion_model": analysis.emotion_model or "not used",
            "warnings": analysis.warnings,
            **analysis_metadata(analysis.scores, analysis.measurements),
        }
    )
    return analysis

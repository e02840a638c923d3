"""What was said."""

import dagster as dg

from pitchquest_assets.assets.checks import TRANSCRIPT_IS_TRUSTED
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.engines.progress import log_progress
from pitchquest_assets.engines.transcribers import transcribe
from pitchquest_assets.model import Audio, SourceVideo, Transcript
from pitchquest_assets.settings import load_settings


@video_asset(
    code_version="3",
    group="analysis",
    kinds={"text"},
    checks=(TRANSCRIPT_IS_TRUSTED,),
    pool="openai",
)
def transcript(
    context: dg.AssetExecutionContext, source_video: SourceVideo, audio: Audio
) -> Transcript:
    """Words with start, end (seconds) and probability, and whether they can be trusted.

    From captions, Whisper or PocketSphinx, in this order (PITCHQUEST_TRANSCRIBER); fails without a
    retry where the engine that was asked for by name is not here.
    """
    heard = transcribe(source_video, audio, load_settings(), log_progress(context.log.info))
    context.add_asset_metadata(
        {
            "engine": heard.engine,
            "model": heard.model or "",
            "words": len(heard.words),
            "trusted": heard.trusted,
            "mean_probability": round(heard.mean_probability or 0.0, 3),
            "reason": heard.reason or "",
            "hint": heard.hint or "",
            "cost_usd": 0.0,
            "text": dg.MetadataValue.md(f"> {heard.text[:500]}"),
        }
    )
    return heard

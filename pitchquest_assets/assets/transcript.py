"""What was said."""

import dagster as dg

from pitchquest_assets.assets.checks import TRANSCRIPT_IS_TRUSTED
from pitchquest_assets.assets.engines import EnginesResource
from pitchquest_assets.assets.local_files import LocalFiles
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.engines.transcription.choose import transcribe
from pitchquest_assets.model import Audio, SourceVideo, Transcript


@video_asset(
    code_version="7",
    group="analysis",
    kinds={"text"},
    checks=(TRANSCRIPT_IS_TRUSTED,),
    pool="openai",
)
def transcript(
    context: dg.AssetExecutionContext,
    source_video: SourceVideo,
    audio: Audio,
    local_files: LocalFiles,
    engines: EnginesResource,
) -> Transcript:
    """Words with start, end (seconds) and probability, and how many are expected to be wrong.

    From captions, OpenAI, Whisper or PocketSphinx: the one that the run's option or
    PITCHQUEST_TRANSCRIBER names, or the first that is available. Fails if that engine fails; no
    other takes its place. Captions are checked against what Whisper hears, and completed from it.
    """
    local = local_files.of_source(source_video)
    heard = transcribe(local, audio, engines.caller_of(context), engines.progress_of(context))
    context.add_asset_metadata(
        {
            "engine": heard.engine,
            "model": heard.model or "",
            "weights from": heard.model_source or "",
            "words": len(heard.words),
            "trusted": heard.trusted,
            "expected_wer": "not known" if heard.expected_wer is None else heard.expected_wer,
            "mean_probability": round(heard.mean_probability or 0.0, 3),
            "reason": heard.reason or "",
            "hint": heard.hint or "",
            "warnings": heard.warnings,
            "cost_usd": heard.cost_usd,
            "text": dg.MetadataValue.md(f"> {heard.text[:500]}"),
        }
    )
    return heard

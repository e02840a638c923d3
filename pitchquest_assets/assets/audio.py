"""The sound."""

import dagster as dg

from pitchquest_assets.assets.local_files import LocalFiles
from pitchquest_assets.assets.video_asset import limits_of, video_asset
from pitchquest_assets.media.decoding import in_child
from pitchquest_assets.media.sound_choice import extract_audio
from pitchquest_assets.model import Audio, SourceVideo
from pitchquest_assets.resources import OptionsResource


@video_asset(code_version="3", group="input", kinds={"flac"})
def audio(
    context: dg.AssetExecutionContext,
    source_video: SourceVideo,
    local_files: LocalFiles,
    options: OptionsResource,
) -> Audio:
    """The sound as 16 kHz mono FLAC, on the video's clock, of the track with speech.

    Empty, with a reason, if the video has no sound; fails if nothing can be decoded.
    """
    video, limits = local_files.of_source(source_video), limits_of(options.in_force())
    sound = in_child(extract_audio, source_video.filename, limits)(video, limits=limits)
    context.add_asset_metadata(
        {
            "duration_seconds": sound.duration_seconds,
            "size_mb": round(len(sound.payload) / 1e6, 2),
            "reason": sound.reason or "",
            "warnings": sound.warnings,
        }
    )
    return sound

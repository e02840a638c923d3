"""Sampled pictures."""

import dagster as dg

from pitchquest_assets.assets.local_files import LocalFiles
from pitchquest_assets.assets.metadata import frames_metadata
from pitchquest_assets.assets.video_asset import limits_of, video_asset
from pitchquest_assets.media.decoding import in_child
from pitchquest_assets.media.sampling import sample_frames
from pitchquest_assets.model import Frames, SourceVideo
from pitchquest_assets.resources import OptionsResource


@video_asset(code_version="2", group="input", kinds={"image"})
def frames(
    context: dg.AssetExecutionContext,
    source_video: SourceVideo,
    local_files: LocalFiles,
    options: OptionsResource,
) -> Frames:
    """Up to 50 JPEGs, 640 px wide, evenly spread over the whole video, each with its time (s).

    Empty, with a reason, if there is no picture; fails if nothing can be decoded.
    """
    settings = options.in_force()
    limits = limits_of(settings)
    sampled = in_child(sample_frames, source_video.filename, limits)(
        local_files.of_source(source_video),
        max_frames=settings.max_frames,
        max_frames_per_second=settings.max_frames_per_second,
        width_px=settings.frame_width_px,
        limits=limits,
    )
    context.add_asset_metadata(frames_metadata(sampled))
    return sampled

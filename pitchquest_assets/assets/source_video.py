"""The uploaded file, checked."""

import dagster as dg

from pitchquest_assets.assets.local_files import LocalFiles
from pitchquest_assets.assets.metadata import source_metadata
from pitchquest_assets.assets.video_asset import limits_of, video_asset
from pitchquest_assets.media.caption_files import read_captions
from pitchquest_assets.media.decoding import in_child
from pitchquest_assets.media.probe import probe
from pitchquest_assets.model import SourceVideo
from pitchquest_assets.resources import OptionsResource
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import videos


@video_asset(code_version="2", group="input", kinds={"video"})
def source_video(
    context: dg.AssetExecutionContext,
    store: StoreResource,
    local_files: LocalFiles,
    options: OptionsResource,
) -> SourceVideo:
    """What the container says: streams, picture size, duration, clock, rotation, checksum.

    Fails without a retry if the file or its captions cannot be read, if there is neither picture
    nor sound, or if a limit is exceeded (PITCHQUEST_MAX_…).
    """
    row = videos.get(store.store(), context.partition_key)
    video, captions = local_files.of_row(row)
    limits = limits_of(options.in_force())
    source = in_child(probe, row.filename, limits)(
        video.path,
        video_id=row.video_id,
        filename=row.filename,
        captions_path=row.captions_path,
        limits=limits,
        kept_at=row.file_path,
        sha256=video.sha256,
    )
    if captions:
        in_child(read_captions, captions.path.name, limits)(captions.path)
    context.add_asset_metadata(source_metadata(source))
    return source

"""The uploaded file, checked."""

import dagster as dg

from pitchquest_assets.assets.local_files import LocalFiles
from pitchquest_assets.assets.video_asset import limits_of, video_asset
from pitchquest_assets.media.caption_files import read_captions
from pitchquest_assets.media.probe import probe
from pitchquest_assets.model import SourceVideo
from pitchquest_assets.partitions import ATTEMPT_TAG
from pitchquest_assets.resources import OptionsResource
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.worker import WORKER_TAG, this_worker


@video_asset(code_version="1", group="input", kinds={"video"})
def source_video(
    context: dg.AssetExecutionContext,
    store: StoreResource,
    local_files: LocalFiles,
    options: OptionsResource,
) -> SourceVideo:
    """What the container says: streams, picture size, duration, rotation, checksum.

    Takes the video: status 'processing'. Fails without a retry where the file or its captions
    cannot be read, hold neither picture nor sound, or are beyond the limits (PITCHQUEST_MAX_…).
    """
    row = videos.get(store.store(), context.partition_key)
    if _will_complete(context):
        # First, so that no video is in the hands of a worker that nobody knows.
        context.instance.add_run_tags(context.run.run_id, {WORKER_TAG: this_worker()})
        attempt = context.run.tags.get(ATTEMPT_TAG)
        queue.claim(
            store.store(),
            row.video_id,
            context.run.run_id,
            attempt=None if attempt is None else int(attempt),
        )
    if tags := options.tags():
        context.instance.add_run_tags(context.run.run_id, tags)
    video, captions = local_files.of_row(context.run.run_id, row)
    source = probe(
        video.path,
        video_id=row.video_id,
        filename=row.filename,
        captions_path=row.captions_path,
        limits=limits_of(options.in_force()),
        sha256=video.sha256,
    )
    if captions:
        read_captions(captions.path)
    context.add_asset_metadata(
        {
            "filename": source.filename,
            "duration_seconds": source.duration_seconds,
            "size_mb": round(source.size_bytes / 1e6, 2),
            "picture": f"{source.width_px}×{source.height_px}" if source.has_video else "none",
            "codecs": f"{source.video_codec or 'none'} / {source.audio_codec or 'none'}",
            "warnings": source.warnings,
        }
    )
    # Where it is kept: the copy of this run is gone before another one reads the value.
    return source.model_copy(update={"path": row.file_path})


def _will_complete(context: dg.AssetExecutionContext) -> bool:
    """Whether this run goes on to the result; else the video's status is not its business."""
    selection = context.run.asset_selection
    return not selection or dg.AssetKey("aggregated_result") in selection

"""Starts runs for new uploads; the database is the cursor, so none is missed or run twice."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from pitchquest_assets.automation.configured import running_with
from pitchquest_assets.automation.jobs import analyze_pitch
from pitchquest_assets.automation.rounds import PRIORITY_TAG, Rounds, run_key_of
from pitchquest_assets.errors import InvalidInput, SettingsError
from pitchquest_assets.media.caption_files import beside
from pitchquest_assets.partitions import ATTEMPT_TAG, videos_partitions
from pitchquest_assets.registration import (
    VIDEO_SUFFIXES,
    file_path_of,
    is_video,
    register,
    video_id_of,
)
from pitchquest_assets.resources import run_config_of
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import erasures, queue, videos
from pitchquest_assets.store.rows.videos import VideoRow, check_video_id
from pitchquest_assets.store.store import Store

MAX_REQUESTS = 50
# Set by `up` where it hears of uploads from the database (`cli.wakes`), for the programs it starts.
LISTENING_VARIABLE = "PITCHQUEST_LISTENING"
# `up` then takes care of younger uploads.
LEFT_SECONDS = 10.0

_under_way: set[Path] = set()


@dg.sensor(
    job=analyze_pitch,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=f"Requests a run for each upload, {MAX_REQUESTS} at a time; the users take turns, "
    "each with the oldest first. The run key is video_id:attempts, so a repeated tick requests "
    "nothing twice.",
)
def new_uploads(
    context: dg.SensorEvaluationContext, store: StoreResource
) -> dg.SensorResult | dg.SkipReason:
    """Request a run for each row with the status 'uploaded'."""
    settings = store.settings.in_force()
    queue.limit_waiting(store.store(), settings.max_waiting_per_user)
    requests = requests_for_waiting(store.store(), context.instance, settings, _is_due)
    if not requests:
        return dg.SkipReason("No upload is waiting.")
    return dg.SensorResult(run_requests=[request for _, request in requests])


def _is_due(since: datetime) -> bool:
    """Whether an upload that has waited since then is left to this sensor."""
    if LISTENING_VARIABLE not in os.environ:
        return True
    return (datetime.now(UTC) - since).total_seconds() >= LEFT_SECONDS


def requests_for_waiting(
    store: Store,
    instance: dg.DagsterInstance,
    settings: Settings,
    is_due: Callable[[datetime], bool],
) -> list[tuple[VideoRow, dg.RunRequest]]:
    """Return the next uploads that wait, each with the request for its run, and add their keys.

    Args:
        is_due: given the moment since which an upload has waited; those not due are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    rows = [
        row
        for row in queue.waiting(store, MAX_REQUESTS)
        if is_due(row.updated_at) and _has_valid_id(store, row)
    ]
    if not rows:
        return []
    instance.add_dynamic_partitions(str(videos_partitions.name), [row.video_id for row in rows])
    rounds = Rounds(instance)
    return [(row, _run_request(row, settings.max_run_seconds, rounds.of(row))) for row in rows]


def _has_valid_id(store: Store, row: VideoRow) -> bool:
    """Whether the id may become a partition and a path; if not, the row is set to 'failed'."""
    try:
        check_video_id(row.video_id)
    except InvalidInput as error:
        videos.mark_failed(store, row.video_id, str(error))
        return False
    return True


def _run_request(row: VideoRow, max_run_seconds: int, round_number: int) -> dg.RunRequest:
    tags = {
        "video_id": row.video_id,
        ATTEMPT_TAG: str(row.attempts),
        "dagster/max_runtime": str(max_run_seconds),
    }
    if row.owner:
        tags["owner"] = str(row.owner)
    if round_number:
        # Dagster's own queue would take the runs in the order in which they came.
        tags[PRIORITY_TAG] = str(-round_number)
    return dg.RunRequest(
        run_key=run_key_of(row),
        partition_key=row.video_id,
        tags=tags,
        run_config=run_config_of(row.options),
    )


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=running_with("supabase_url"),
    description="Registers the videos in the bucket of Supabase Storage that its trigger missed, "
    "and fails uploads whose file was deleted or moved before its analysis.",
)
def missed_uploads(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Bring the rows in line with the bucket; `new_uploads` then sees them."""
    if store.settings.in_force().supabase_url is None:
        return dg.SkipReason("SUPABASE_URL is not set.")
    registered = queue.reconcile_uploads(store.store())
    if registered:
        context.log.warning(
            f"The trigger on storage.objects missed {registered} uploads: "
            "`pitchquest doctor` says whether it exists."
        )
    gone = queue.check_files(store.store())
    lost = f" The files of {gone} uploads were deleted or moved." if gone else ""
    return dg.SkipReason(f"{registered} uploads were missed.{lost}")


@dg.sensor(
    minimum_interval_seconds=10,
    default_status=running_with("inbox"),
    description="Registers the videos in the folder PITCHQUEST_INBOX once they have stopped "
    f"growing ({', '.join(sorted(VIDEO_SUFFIXES))}); captions beside a video are used. "
    "Links are left out.",
)
def inbox(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
    """Register the videos in the inbox that are new and have not changed since the last tick."""
    settings = store.settings.in_force()
    if settings.inbox is None:
        return dg.SensorResult(skip_reason="PITCHQUEST_INBOX is not set.")
    before = json.loads(context.cursor or "{}")
    found = _sizes(settings)
    # Dagster keeps cursors, and the name of a file may be that of a person.
    names = dict(zip(found, erasures.digests(store.store(), list(found)), strict=True))
    now = {names[path]: seen for path, seen in found.items()}
    settled = [Path(path) for path, seen in found.items() if before.get(names[path]) == seen]
    registered = 0
    for path in settled:
        try:
            registered += _register_new(store.store(), settings, path)
        except InvalidInput as error:
            context.log.warning(str(error))
    return dg.SensorResult(
        skip_reason=f"{registered} of {len(now)} videos are new.", cursor=json.dumps(now)
    )


def _sizes(settings: Settings) -> dict[str, list[int]]:
    """The videos in the inbox, each with its size (bytes) and time of change (nanoseconds)."""
    assert settings.inbox is not None
    folder = settings.inbox.expanduser().absolute()
    if not folder.is_dir():
        raise SettingsError(f"PITCHQUEST_INBOX is {folder}, which is not a folder: make it.")
    found = {}
    for path in sorted(folder.iterdir()):
        with suppress(FileNotFoundError):  # it is being moved
            if is_video(path) and not _leads_elsewhere(path):
                facts = path.stat()
                found[str(path)] = [facts.st_size, facts.st_mtime_ns]
    return found


def _leads_elsewhere(path: Path) -> bool:
    """Whether the video or its captions are links, whose targets nobody put into the inbox."""
    captions = beside(path)
    return path.is_symlink() or (captions is not None and captions.is_symlink())


def _register_new(store: Store, settings: Settings, path: Path) -> bool:
    """Register a file, unless it is already known with this size."""
    video_id = video_id_of(path)
    known = videos.find(store, video_id)
    size_mb = path.stat().st_size / videos.BYTES_PER_MB
    places = (str(path), file_path_of(store, path, video_id))
    if known and known.file_path in places and known.file_size_mb == size_mb:
        return False
    if known is None and erasures.is_erased_file(store, places[1], path.stat().st_size):
        return False
    # A tick that takes longer than Dagster waits continues while the next one starts.
    if path in _under_way:
        return False
    _under_way.add(path)
    try:
        register(store, settings, path, video_id)
    finally:
        _under_way.discard(path)
    return True

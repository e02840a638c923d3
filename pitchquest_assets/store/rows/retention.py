"""Removes old data in batches of one transaction each; running it twice is harmless.

Rows go before their objects: a row without its object would be an error, but an object without a
row is only garbage, which `sweep_objects` and `sweep_uploads` collect.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, text

from pitchquest_assets.store.store import Store

BATCH = 500
# A younger object without a row may belong to a write in progress.
GARBAGE_AFTER = timedelta(days=1)
# These have no rows: results that wait for the database, and drift pages.
WITHOUT_ROWS = ("spool/", "drift/")
# A run may still be working on a finished video, for example on its report.
REST = timedelta(hours=1)
REPORT = "feedback_report"

# Values of a waiting or processing video are needed, whatever their age.
_DELETE_VALUES = f"""
    delete from asset_values using (
      select asset_key, partition_key
      from asset_values left join videos on video_id = partition_key
      where partition_key <> ''
        -- A report lives as long as its result.
        and (status is null or status in ('completed', 'failed') and asset_key <> '{REPORT}')
        and {{condition}}
      order by asset_values.created_at limit {BATCH} for update of asset_values skip locked
    ) as old
    where asset_values.asset_key = old.asset_key
      and asset_values.partition_key = old.partition_key
    returning object_path
"""
_DELETE_OLD_VALUES = text(_DELETE_VALUES.format(condition="asset_values.created_at < :before"))
_DELETE_VALUES_OF_VIDEO = text(_DELETE_VALUES.format(condition="partition_key = :video_id"))
_DELETE_OLD_ANSWERS = text(f"""
    delete from vendor_answers where key in (
      select key from vendor_answers where created_at < :before order by created_at limit {BATCH}
    )
""")
_DELETE_ANSWERS_OF_VIDEO = text("""
    delete from vendor_answers using videos
    where vendor_answers.video_id = :video_id and videos.video_id = :video_id
      and status in ('completed', 'failed')
""")
_OLD_VIDEOS = text(f"""
    select video_id from videos
    where status in ('completed', 'failed') and updated_at < :before
    order by id limit {BATCH} for update skip locked
""")
_DELETE_ALL_VALUES_OF_VIDEOS = text(
    "delete from asset_values where partition_key = any(:ids) returning object_path"
)
_KEEP_FILES = text("select set_config('pitchquest.keeps_files', 'on', true)")
_DELETE_VIDEOS = text("delete from videos where video_id = any(:ids)")
_DELETE_OLD_HISTORY = text(f"""
    delete from analysis_results_history where id in (
      select id from analysis_results_history where created_at < :before order by id limit {BATCH}
    )
""")
_DELETE_OLD_METRICS = text(f"""
    delete from monitoring_metrics where id in (
      select id from monitoring_metrics
      where metric_type in ('system_health', 'drift') and metric_value ->> 'event' is null
        and "timestamp" < :before
      order by "timestamp" limit {BATCH}
    )
""")
_DELETE_OLD_ALERTS = text(f"""
    delete from alerts where id in (
      select id from alerts where created_at < :before order by id limit {BATCH}
    )
""")
_DELETE_OLD_EVENTS = text(f"""
    delete from webhook_events where id in (
      select id from webhook_events where created_at < :before order by id limit {BATCH}
    )
""")
_OBJECTS_WITH_ROWS = text("""
    select object_path from asset_values
    where (asset_key, partition_key) in (
      select * from unnest(cast(:asset_keys as text[]), cast(:partition_keys as text[]))
    ) and object_path is not null
""")
_UPLOADS_WITH_ROWS = text("""
    select unnest(array[file_path, captions_path]) from videos
    where file_path = any(:paths) or captions_path = any(:paths)
""")
# Locked, so that a new upload of the video waits until its key is gone, and then gets a new one.
_UNUSED_KEYS = text("""
    with finished as (
      select video_id from videos
      where video_id = any(:keys) and status in ('completed', 'failed') and updated_at < :before
      for update skip locked
    )
    select video_id from finished
    union all
    select key from unnest(cast(:keys as text[])) as key
    where not exists (select from videos where video_id = key)
""")


def prune_video(store: Store, video_id: str) -> int:
    """Remove the values of a finished video except its report, for RETENTION_DAYS=0.

    The vendors' answers about it go with them. Does nothing if the video is waiting or processing.

    Returns:
        How many values were removed.
    """
    values = {"video_id": video_id}
    paths = store.transaction(lambda c: list(c.scalars(_DELETE_VALUES_OF_VIDEO, values)))
    store.transaction(lambda c: c.execute(_DELETE_ANSWERS_OF_VIDEO, values))
    _delete_objects(store, paths)
    return len(paths)


def prune_values(store: Store, retention_days: float) -> int:
    """Remove older values of finished videos, except reports, and of videos without a row.

    Returns:
        How many values were removed.
    """
    values = {"before": before(retention_days)}

    def batch() -> int:
        paths = store.transaction(lambda c: list(c.scalars(_DELETE_OLD_VALUES, values)))
        _delete_objects(store, paths)
        return len(paths)

    return _until_done(batch)


def prune_answers(store: Store, retention_days: float) -> int:
    """Remove older answers of vendors, which a retried run would pay for again; return how many."""
    values = {"before": before(retention_days)}
    return _until_done(
        lambda: store.transaction(lambda c: c.execute(_DELETE_OLD_ANSWERS, values).rowcount)
    )


def prune_results(store: Store, retention_days: float) -> list[str]:
    """Delete videos finished earlier than that with everything about them, and older history.

    As after every deletion, the rest is removed by the sensor `erasures`, and no sensor brings the
    video back. Only the uploaded files stay: those that the pipeline put into Storage are left to
    `sweep_uploads`.

    Returns:
        The ids of the videos.
    """
    values = {"before": before(retention_days)}
    removed: list[str] = []

    def batch() -> int:
        ids, paths = store.transaction(lambda c: _delete_videos(c, values))
        _delete_objects(store, paths)
        removed.extend(ids)
        return len(ids)

    _until_done(batch)
    _until_done(
        lambda: store.transaction(lambda c: c.execute(_DELETE_OLD_HISTORY, values).rowcount)
    )
    return removed


def prune_records(store: Store, retention_days: float) -> dict[str, int]:
    """Remove older `system_health` rows, drift checks that changed nothing, alerts and events.

    The rows that opened or closed an episode of drift stay, and the costs do.

    Returns:
        How many metrics, alerts and webhook events were removed.
    """
    values = {"before": before(retention_days)}
    return {
        name: _until_done(
            lambda s=statement: store.transaction(lambda c: c.execute(s, values).rowcount)  # type: ignore[misc]
        )
        for name, statement in (
            ("metrics", _DELETE_OLD_METRICS),
            ("alerts", _DELETE_OLD_ALERTS),
            ("webhook_events", _DELETE_OLD_EVENTS),
        )
    }


def unused_keys(connection: Connection, keys: list[str], retention_days: float) -> list[str]:
    """Return the keys whose video was finished earlier or has no row, locked until the commit."""
    values = {"keys": keys, "before": before(retention_days)}
    return list(connection.scalars(_UNUSED_KEYS, values))


def sweep_objects(store: Store) -> int:
    """Remove objects older than a day that no row names; return their number."""
    moment = datetime.now(UTC) - GARBAGE_AFTER
    removed = 0
    for paths in batches(store.objects.written_before(moment)):
        found = {path for path in paths if not path.startswith(WITHOUT_ROWS)}
        garbage = found - _with_rows(store, paths)
        _delete_objects(store, garbage)
        removed += len(garbage)
    store.objects.tidy(moment)
    return removed


def sweep_uploads(store: Store) -> int:
    """Remove uploads older than a day that the pipeline put into Storage and no row names.

    Files that users uploaded are never touched.

    Returns:
        How many were removed.
    """
    bucket = store.video_bucket
    if bucket is None:
        return 0
    removed = 0
    for paths in batches(bucket.own_written_before(datetime.now(UTC) - GARBAGE_AFTER)):
        garbage = set(paths) - _named(store, paths)
        bucket.remove_own(garbage)
        removed += len(garbage)
    return removed


def before(days: float) -> datetime:
    """Return the moment before which data is old: `days` ago, but at least an hour."""
    return datetime.now(UTC) - max(timedelta(days=days), REST)


def batches(items: Iterable[str]) -> Iterator[list[str]]:
    """Yield the items in lists of at most BATCH."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _delete_videos(
    connection: Connection, values: dict[str, datetime]
) -> tuple[list[str], list[str]]:
    """Delete one batch of videos; return their ids and the paths of their objects."""
    found = {"ids": list(connection.scalars(_OLD_VIDEOS, values))}
    paths = list(connection.scalars(_DELETE_ALL_VALUES_OF_VIDEOS, found))
    connection.execute(_KEEP_FILES)
    connection.execute(_DELETE_VIDEOS, found)
    return found["ids"], paths


def _named(store: Store, uploads: list[str]) -> set[str]:
    """The uploads that a row names."""
    values = {"paths": uploads}
    return set(store.transaction(lambda c: list(c.scalars(_UPLOADS_WITH_ROWS, values))))


def _with_rows(store: Store, paths: list[str]) -> set[str]:
    """The paths, `asset/key/partition/name`, that a row names."""
    keys = [path.rsplit("/", 2)[:2] for path in paths if path.count("/") >= 2]
    values = {
        "asset_keys": [asset_key for asset_key, _ in keys],
        "partition_keys": ["" if partition == "_" else partition for _, partition in keys],
    }
    return set(store.transaction(lambda c: list(c.scalars(_OBJECTS_WITH_ROWS, values))))


def _delete_objects(store: Store, paths: Iterable[str | None]) -> None:
    for path in paths:
        if path is not None:
            store.objects.delete(path)


def _until_done(batch: Callable[[], int]) -> int:
    """Call `batch` until it returns 0; return the sum."""
    removed = 0
    while count := batch():
        removed += count
    return removed

"""Removes what Dagster's own tables say about erased videos: runs, events, ticks, partition keys.

Everything goes through the connections of the instance's storage.
"""

import re
from collections.abc import Collection

import dagster as dg
import sqlalchemy as sa

from pitchquest_assets.automation.dagster_pruning import delete_runs, event_storage
from pitchquest_assets.dagster_private import (
    BACKFILL_ENDED,
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    BulkActionsTable,
    JobTickTable,
    SensorInstigatorData,
    SqlEventLogStorageTable,
)
from pitchquest_assets.partitions import PARTITION_TAG, videos_partitions


def runs_about(
    instance: dg.DagsterInstance, video_id: str, run_ids: Collection[str]
) -> list[dg.DagsterRun]:
    """Return every run of a video: those of its partition, and those with these ids."""
    filters = [dg.RunsFilter(tags={PARTITION_TAG: video_id})]
    if run_ids:
        filters.append(dg.RunsFilter(run_ids=list(run_ids)))
    found = {run.run_id: run for one in filters for run in instance.get_runs(one)}
    return list(found.values())


def forget(
    instance: dg.DagsterInstance, video_ids: Collection[str], run_ids: Collection[str]
) -> None:
    """Remove these runs and all else about these videos; nothing may still write about them."""
    delete_runs(instance, run_ids)
    for video_id in video_ids:
        instance.delete_dynamic_partition(str(videos_partitions.name), video_id)
    pattern = pattern_of(video_ids)
    _forget_events(instance, video_ids)
    _forget_ticks(instance, pattern)
    _forget_newest(instance, pattern)


def pattern_of(names: Collection[str]) -> str:
    r"""Return the regular expression for a text that names one of these, for Python and PostgreSQL.

    A name inside a longer one does not count; the `\n` of a JSON text may come before it.
    """
    named = "|".join(re.escape(name) for name in names)
    return rf"(^|[^A-Za-z0-9._-]|\\[nrt])({named})([^A-Za-z0-9._-]|[.]([^A-Za-z0-9]|$)|$)"


def _forget_events(instance: dg.DagsterInstance, video_ids: Collection[str]) -> None:
    """Remove the partitions' events that other runs, or no run, reported."""
    events, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    keys = [key.to_string() for key in instance.get_asset_keys()]
    theirs = (
        sa.select(events.id)
        # With the asset's key first, as in the index.
        .where(events.asset_key.in_(keys), events.partition.in_(video_ids))
        .scalar_subquery()
    )
    with event_storage(instance).index_connection() as connection:
        connection.execute(
            sa.delete(AssetEventTagsTable).where(AssetEventTagsTable.c.event_id.in_(theirs))
        )
        connection.execute(sa.delete(SqlEventLogStorageTable).where(events.id.in_(theirs)))
        connection.execute(
            sa.delete(AssetCheckExecutionsTable).where(checks.partition.in_(video_ids))
        )


def _forget_ticks(instance: dg.DagsterInstance, pattern: str) -> None:
    """Remove ticks and ended backfills that name a video, and the run keys of the newest ticks."""
    backfills = BulkActionsTable.c
    with event_storage(instance).index_connection() as connection:
        connection.execute(
            sa.delete(JobTickTable).where(JobTickTable.c.tick_body.regexp_match(pattern))
        )
        connection.execute(
            sa.delete(BulkActionsTable).where(
                backfills.status.in_(BACKFILL_ENDED), backfills.body.regexp_match(pattern)
            )
        )
    for state in instance.all_instigator_state():
        data = state.instigator_data
        if isinstance(data, SensorInstigatorData) and re.search(pattern, data.last_run_key or ""):
            instance.update_instigator_state(state.with_data(data._replace(last_run_key=None)))


def _forget_newest(instance: dg.DagsterInstance, pattern: str) -> None:
    """If an asset's newest value was one of a video's, make it name the newest that is left."""
    assets = AssetKeyTable.c
    names_one = sa.or_(
        assets.last_materialization.regexp_match(pattern),
        assets.cached_status_data.regexp_match(pattern),
    )
    with event_storage(instance).index_connection() as connection:
        found = connection.scalars(sa.select(assets.asset_key).where(names_one)).all()
    for text in found:
        key = dg.AssetKey.from_db_string(text)
        assert key, text
        newest = next(iter(instance.fetch_materializations(key, limit=1).records), None)
        changes = {
            "last_materialization": newest and dg.serialize_value(newest),
            "last_run_id": newest and newest.run_id,
            # Dagit computes it again.
            "cached_status_data": None,
        }
        with event_storage(instance).index_connection() as connection:
            connection.execute(
                sa.update(AssetKeyTable).where(assets.asset_key == text).values(**changes)
            )

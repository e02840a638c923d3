"""Keeps Dagster's own tables small: removes partition keys, unread event rows, and old runs.

Everything goes through the connections of the instance's storage.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import dagster as dg
import sqlalchemy as sa

from pitchquest_assets.dagster_private import (
    AssetCheckExecutionsTable,
    RunsTable,
    SqlEventLogStorage,
    SqlEventLogStorageTable,
)
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.store.rows.retention import BATCH, before, unused_keys
from pitchquest_assets.store.store import Store

EVENT_BATCH = 5_000
NOISE_AFTER = timedelta(hours=1)
FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
# Events that no page of Dagit needs after a run has succeeded. A run's timeline needs STEP_START
# and STEP_SUCCESS, the pages of assets and partitions need materializations, and the pages of
# checks need asset_check_executions, which repeats each evaluation. Plans only announce what is to
# come.
NOISE = [
    dg.DagsterEventType.ENGINE_EVENT,
    dg.DagsterEventType.RESOURCE_INIT_STARTED,
    dg.DagsterEventType.RESOURCE_INIT_SUCCESS,
    dg.DagsterEventType.STEP_INPUT,
    dg.DagsterEventType.STEP_OUTPUT,
    dg.DagsterEventType.LOADED_INPUT,
    dg.DagsterEventType.HANDLED_OUTPUT,
    dg.DagsterEventType.STEP_WORKER_STARTING,
    dg.DagsterEventType.STEP_WORKER_STARTED,
    dg.DagsterEventType.LOGS_CAPTURED,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
]
LEVEL_OF_WARNINGS = 30
# Its runs are few, and their events say what was removed, so all of them are kept.
RETENTION_JOB = "retention"


def prune_partition_keys(instance: dg.DagsterInstance, store: Store, retention_days: float) -> int:
    """Remove the keys of videos that were finished earlier or have no row; return their number.

    If a video is uploaded again, the sensor adds its key again.
    """
    name = str(videos_partitions.name)

    def retire(connection: sa.Connection, keys: list[str]) -> int:
        unused = unused_keys(connection, keys, retention_days)
        for key in unused:
            instance.delete_dynamic_partition(name, key)
        return len(unused)

    return sum(
        store.transaction(lambda c, k=keys: retire(c, k))  # type: ignore[misc]
        for keys in _pages_of_keys(instance, name)
    )


def _pages_of_keys(instance: dg.DagsterInstance, name: str) -> Iterator[list[str]]:
    cursor = None
    while True:
        page = instance.get_paginated_dynamic_partitions(
            name, limit=BATCH, ascending=True, cursor=cursor
        )
        yield list(page.results)
        cursor = page.cursor
        if not page.has_more:
            return


def prune_events(instance: dg.DagsterInstance, older_than: timedelta = NOISE_AFTER) -> int:
    """Remove unread events of runs that succeeded earlier; return their number.

    Failed and cancelled runs keep all events until the run itself is removed: people read those.
    """
    events, runs = SqlEventLogStorageTable.c, RunsTable.c
    level = sa.cast(events.event, sa.JSON)["level"].as_integer()
    chatter = sa.and_(events.dagster_event_type.is_(None), level < LEVEL_OF_WARNINGS)
    noise = events.dagster_event_type.in_([event_type.value for event_type in NOISE])
    found = (
        sa.select(events.id)
        .join(RunsTable, runs.run_id == events.run_id)
        .where(
            sa.or_(noise, chatter),
            runs.pipeline_name != RETENTION_JOB,
            runs.status == dg.DagsterRunStatus.SUCCESS.value,
            runs.end_time < (datetime.now(UTC) - older_than).timestamp(),
        )
        .limit(EVENT_BATCH)
    )
    statement = sa.delete(SqlEventLogStorageTable).where(events.id.in_(found))
    removed = 0
    while True:
        with event_storage(instance).index_connection() as connection:
            count = connection.execute(statement).rowcount
        if not count:
            return removed
        removed += count


def prune_runs(instance: dg.DagsterInstance, retention_days: float) -> int:
    """Remove runs that ended earlier, with their events and check evaluations; return how many."""
    old = dg.RunsFilter(statuses=FINISHED, updated_before=before(retention_days))
    removed = 0
    while runs := instance.get_runs(old, limit=BATCH):
        delete_runs(instance, [run.run_id for run in runs])
        removed += len(runs)
    return removed


def delete_runs(instance: dg.DagsterInstance, run_ids: Collection[str]) -> None:
    """Remove these runs with their events and check evaluations."""
    for run_id in run_ids:
        instance.delete_run(run_id)
    checks = AssetCheckExecutionsTable.c.run_id.in_(run_ids)
    with event_storage(instance).index_connection() as connection:
        connection.execute(sa.delete(AssetCheckExecutionsTable).where(checks))


def event_storage(instance: dg.DagsterInstance) -> SqlEventLogStorage:
    """Return the storage of the event log, which dagster.yaml keeps in PostgreSQL."""
    return cast(SqlEventLogStorage, instance.event_log_storage)

"""Dagster's daemon and Dagit with runs in Redis: what becomes of a run when Redis fails it."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.monitoring import execute_run_monitoring_iteration

from pitchquest_assets.automation.dagster_pruning import event_storage
from pitchquest_assets.automation.lost_messages import send_again
from pitchquest_assets.automation.lost_workers import look
from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.dagster_private import (
    LaunchRunContext,
    RunsTable,
    SqlEventLogStorageTable,
)
from pitchquest_assets.distributed.launcher import CeleryLauncher
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import leases
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.redis_server import RedisServer, redis_server

ELSEWHERE = "another-machine:7:1790000000.00"
FREED = "DAGSTER_HOME", "DAGSTER_POSTGRES_URL", "PITCHQUEST_BROKER_URL"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def instance(
    store: Store, redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """The instance of several machines, except that its storage is the embedded one."""
    for name in FREED:
        monkeypatch.setenv(name, "1")  # so that what open_instance sets is undone
        monkeypatch.delenv(name)
    monkeypatch.setenv("PITCHQUEST_BROKER_URL", redis.url)
    redis.client.flushall()
    with open_instance(load_settings()) as opened:
        for run in opened.get_runs():
            opened.delete_run(run.run_id)
        yield opened


def launcher(instance: dg.DagsterInstance) -> CeleryLauncher:
    return cast(CeleryLauncher, instance.run_launcher)


def launched(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    """A run that the daemon has taken from Dagster's queue, and given to the launcher."""
    run = instance.add_run(dg.DagsterRun("analyze_pitch", tags=tags))
    tell(instance, run, DagsterEventType.PIPELINE_STARTING)
    launcher(instance).launch_run(LaunchRunContext(reloaded(instance, run), None))
    return run


def sent(redis: RedisServer, queue: str = "cpu") -> list[str]:
    """The runs whose messages wait in a queue."""
    messages = [json.loads(one) for one in redis.client.lrange(queue, 0, -1)]
    return [message["headers"]["id"] for message in messages]


def let_pass(instance: dg.DagsterInstance) -> None:
    """An hour has gone by since everything that happened."""
    runs, hour = RunsTable.c, timedelta(hours=1)
    with event_storage(instance).index_connection() as connection:
        ago = sa.update(RunsTable).values(
            update_timestamp=runs.update_timestamp - hour,
            create_timestamp=runs.create_timestamp - hour,
            start_time=runs.start_time - hour.total_seconds(),
        )
        connection.execute(ago)
        events = SqlEventLogStorageTable
        connection.execute(sa.update(events).values(timestamp=events.c.timestamp - hour))


def again(instance: dg.DagsterInstance, store: Store) -> int:
    """How many runs one sweep sends again."""
    return len(send_again(instance, look(store, {})))


def tell(instance: dg.DagsterInstance, run: dg.DagsterRun, what: DagsterEventType) -> None:
    instance.report_dagster_event(DagsterEvent(what.value, run.job_name), run.run_id)


def reloaded(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    return reloaded(instance, run).status.value


def monitor(instance: dg.DagsterInstance) -> None:
    """One of the daemon's looks at the runs, which it takes every 30 seconds."""
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace:
        assert not [
            error
            for error in execute_run_monitoring_iteration(workspace, logging.getLogger("test"))
            if error
        ]


def test_a_run_goes_to_the_queue_of_its_tag_or_to_that_of_the_cpus(
    instance: dg.DagsterInstance, redis: RedisServer
) -> None:
    first = launched(instance)
    second = launched(instance, **{"dagster-celery/queue": "gpu"})
    assert sent(redis) == [first.run_id]
    assert sent(redis, "gpu") == [second.run_id]


def test_a_run_may_wait_for_a_free_worker_as_long_as_it_must(
    instance: dg.DagsterInstance, redis: RedisServer
) -> None:
    run = launched(instance)
    let_pass(instance)
    monitor(instance)
    assert status(instance, run) == "STARTING"


@pytest.mark.parametrize("lost", ["flushed", "never known"])
def test_a_living_run_that_redis_does_not_know_goes_on(
    instance: dg.DagsterInstance, redis: RedisServer, lost: str
) -> None:
    run = launched(instance, **{"dagster/max_runtime": "86400"})
    tell(instance, run, DagsterEventType.RUN_START)
    if lost == "flushed":
        redis.client.flushall()
    let_pass(instance)
    monitor(instance)
    assert status(instance, run) == "STARTED"


def test_no_run_is_resumed(instance: dg.DagsterInstance) -> None:
    assert not instance.run_launcher.supports_resume_run
    assert not instance.run_launcher.supports_check_run_worker_health


def test_a_run_that_waits_in_redis_is_canceled_at_once_and_never_begun(
    instance: dg.DagsterInstance, store: Store
) -> None:
    run = launched(instance)
    assert instance.run_launcher.terminate(run.run_id)
    assert status(instance, run) == "CANCELED"
    assert not instance.run_launcher.terminate(run.run_id)


def test_a_run_with_a_worker_is_asked_to_end_itself(
    instance: dg.DagsterInstance, store: Store
) -> None:
    run = launched(instance)
    tell(instance, run, DagsterEventType.RUN_START)
    leases.take(store, run.run_id, ELSEWHERE, 60)
    assert instance.run_launcher.terminate(run.run_id)
    assert status(instance, run) == "CANCELING"


def test_a_run_whose_message_is_lost_is_sent_again_but_not_one_that_waits_or_has_begun(
    instance: dg.DagsterInstance, store: Store, redis: RedisServer
) -> None:
    lost, begun = launched(instance), launched(instance)
    leases.take(store, begun.run_id, ELSEWHERE, 60)
    redis.client.flushall()
    assert again(instance, store) == 0, "it has not waited for long"
    let_pass(instance)
    assert again(instance, store) == 1
    assert sent(redis) == [lost.run_id]
    let_pass(instance)
    assert again(instance, store) == 0, "it waits"


def test_a_run_outlives_a_broker_that_is_away(
    instance: dg.DagsterInstance, store: Store, redis: RedisServer
) -> None:
    redis.kill()
    try:
        run = launched(instance)
        let_pass(instance)
        assert again(instance, store) == 0
        assert status(instance, run) == "STARTING"
    finally:
        redis.start()
    assert again(instance, store) == 1
    assert sent(redis) == [run.run_id]


def test_a_run_is_canceled_while_the_broker_is_away(
    instance: dg.DagsterInstance, store: Store, redis: RedisServer
) -> None:
    run = launched(instance)
    redis.kill()
    try:
        assert instance.run_launcher.terminate(run.run_id)
        assert status(instance, run) == "CANCELED"
    finally:
        redis.start()

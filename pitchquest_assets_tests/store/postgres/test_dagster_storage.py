"""Dagster's storages keep their connections, and survive what happens to them."""

import multiprocessing

import dagster as dg
import pytest
import sqlalchemy as sa

from pitchquest_assets.automation.dagster_pruning import event_storage
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres.dagster_storage import POOL_SIZE, PitchQuestStorage
from pitchquest_assets.store.store import Store

QUERIES = 30
DEADLINE_SECONDS = 60


@pytest.fixture
def storage(instance: dg.DagsterInstance) -> PitchQuestStorage:
    """The storage of dagster.yaml, over the database of `instance`."""
    return PitchQuestStorage.from_config_value(None, {})


def backend_of(storage: PitchQuestStorage) -> int:
    """Return the process id of the server's side of the connection that a query gets."""
    with event_storage_of(storage).index_connection() as connection:
        return int(connection.execute(sa.text("select pg_backend_pid()")).scalar_one())


def event_storage_of(storage: PitchQuestStorage):  # type: ignore[no-untyped-def]
    return storage.event_log_storage


def connections_to_dagsters_database(store: Store) -> set[int]:
    statement = sa.text("select pid from pg_stat_activity where datname = 'dagster'")
    return set(store.transaction(lambda connection: connection.execute(statement).scalars().all()))


def test_all_storages_of_a_process_share_the_connections_that_they_keep(
    storage: PitchQuestStorage, store: Store
) -> None:
    backends = set()
    for _ in range(QUERIES):
        other = PitchQuestStorage.from_config_value(None, {})
        other.run_storage.get_runs(limit=1)
        storage.schedule_storage.all_instigator_state()
        storage.event_log_storage.get_dynamic_partitions("videos")
        backends |= {backend_of(storage), backend_of(other)}
    assert len(backends) <= POOL_SIZE
    assert backends <= connections_to_dagsters_database(store)


def test_a_connection_that_the_server_has_closed_is_replaced(
    storage: PitchQuestStorage, store: Store
) -> None:
    backend = backend_of(storage)
    end = sa.text("select pg_terminate_backend(:pid)")
    store.transaction(lambda connection: connection.execute(end, {"pid": backend}))
    assert storage.run_storage.get_runs(limit=1) == []
    assert backend_of(storage) != backend


def test_a_forked_process_opens_a_connection_of_its_own_and_leaves_its_parents_alone(
    storage: PitchQuestStorage, store: Store
) -> None:
    mine = connections_to_dagsters_database(store) | {backend_of(storage)}
    context = multiprocessing.get_context("fork")
    there, here = context.Pipe()
    child = context.Process(target=lambda: there.send(backend_of(storage)))
    child.start()
    assert here.poll(DEADLINE_SECONDS)
    assert here.recv() not in mine
    child.join()
    assert child.exitcode == 0
    assert backend_of(storage) in mine


def test_statements_of_the_web_server_end_after_a_time(storage: PitchQuestStorage) -> None:
    for part in (storage.run_storage, storage.event_log_storage, storage.schedule_storage):
        part.optimize_for_webserver(statement_timeout=50, pool_recycle=1, max_overflow=1)
    with (
        event_storage_of(storage).index_connection() as connection,
        pytest.raises(sa.exc.OperationalError, match="statement timeout"),
    ):
        connection.execute(sa.text("select pg_sleep(10)"))


def test_a_partition_is_asked_for_once_and_again_once_it_may_have_been_retired(
    instance: dg.DagsterInstance, storage: PitchQuestStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = event_storage_of(storage)
    assert not events.has_dynamic_partition("videos", "pitch")
    instance.add_dynamic_partitions("videos", ["pitch"])
    assert events.has_dynamic_partition("videos", "pitch")
    instance.delete_dynamic_partition("videos", "pitch")
    assert events.has_dynamic_partition("videos", "pitch")
    module = "pitchquest_assets.store.postgres.dagster_storage"
    monkeypatch.setattr(f"{module}.PARTITION_KNOWN_SECONDS", 0)
    fresh = event_storage_of(PitchQuestStorage.from_config_value(None, {}))
    assert not fresh.has_dynamic_partition("videos", "pitch")


def test_a_run_can_be_followed_and_resumed_by_its_events_which_leave_out_what_its_inputs_were(
    instance: dg.DagsterInstance,
) -> None:
    @dg.op
    def begin() -> int:
        return 1

    @dg.op
    def end(number: int) -> None:
        assert number

    @dg.job
    def both() -> None:
        end(begin())

    run = both.execute_in_process(instance=instance)
    entries = instance.all_logs(run.run_id)
    stored = [one.dagster_event.event_type for one in entries if one.dagster_event]
    for event_type in (
        dg.DagsterEventType.STEP_START,
        dg.DagsterEventType.STEP_OUTPUT,
        dg.DagsterEventType.HANDLED_OUTPUT,
        dg.DagsterEventType.STEP_SUCCESS,
    ):
        assert event_type in stored
    assert not {dg.DagsterEventType.LOADED_INPUT, dg.DagsterEventType.STEP_INPUT} & {*stored}


def test_dagster_yaml_leads_to_this_storage(instance: dg.DagsterInstance) -> None:
    assert type(event_storage(instance)).__name__ == "PooledEventLogStorage"
    assert load_settings().home_path.name in instance.run_storage.postgres_url  # type: ignore[attr-defined]

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from pitchquest_assets.store.rows import leases
from pitchquest_assets.store.rows.leases import Lease
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import REST_SECONDS, SILENT_SECONDS

HERE, THERE = "here:1:1.00", "there:2:1.00"


def lose(store: Store, worker: str, seconds: float) -> None:
    """Move the last heartbeat of a worker this far back."""
    statement = text("update worker_leases set heartbeat_at = now() - :ago where worker = :worker")
    values = {"ago": timedelta(seconds=seconds), "worker": worker}
    store.transaction(lambda connection: connection.execute(statement, values))


def only(store: Store) -> Lease:
    [lease] = leases.all_leases(store)
    return lease


def test_a_heartbeat_takes_the_lease_or_renews_it(store: Store) -> None:
    leases.beat(store, "run-1", HERE, "pitch-1")
    lose(store, HERE, SILENT_SECONDS)
    old = only(store)
    leases.beat(store, "run-1", HERE, "pitch-1")
    renewed = only(store)
    assert old.heartbeat_at is not None
    assert renewed.heartbeat_at is not None
    assert renewed.heartbeat_at > old.heartbeat_at
    assert (renewed.job_id, renewed.worker, renewed.video_id) == ("run-1", HERE, "pitch-1")


@pytest.mark.parametrize(("seconds", "is_silent"), [(0, False), (60, False), (3_600, True)])
def test_a_lease_is_silent_by_the_clock_of_the_database(
    store: Store, seconds: float, is_silent: bool
) -> None:
    leases.beat(store, "run-1", HERE, "pitch-1")
    lose(store, HERE, seconds)
    assert only(store).is_silent == is_silent


def test_a_lease_that_rests_is_never_silent_and_a_heartbeat_wakes_it(store: Store) -> None:
    leases.beat(store, "run-1", HERE, "pitch-1")
    leases.rest(store, "run-1", HERE)
    assert (only(store).heartbeat_at, only(store).is_silent) == (None, False)
    leases.beat(store, "run-1", HERE, "pitch-1")
    assert only(store).heartbeat_at is not None


def test_a_worker_releases_its_own_lease_and_a_run_all_of_its(store: Store) -> None:
    for run_id, worker in (("run-1", HERE), ("run-1", THERE), ("run-2", HERE)):
        leases.beat(store, run_id, worker, "pitch-1")
    leases.delete(store, "run-1", THERE)
    left = [(lease.job_id, lease.worker) for lease in leases.all_leases(store)]
    assert left == [("run-1", HERE), ("run-2", HERE)]
    leases.delete(store, "run-1")
    leases.delete(store, "run-1")
    assert only(store).job_id == "run-2"


def test_a_lease_that_rests_for_too_long_is_silent(store: Store) -> None:
    leases.beat(store, "run-1", HERE, "pitch-1")
    leases.rest(store, "run-1", HERE)
    ago = timedelta(seconds=REST_SECONDS + 1)
    statement = text("update worker_leases set rested_at = now() - cast(:ago as interval)")
    store.transaction(lambda connection: connection.execute(statement, {"ago": ago}))
    assert only(store).is_silent
    leases.beat(store, "run-1", HERE, "pitch-1")
    assert not only(store).is_silent


def test_a_lease_says_itself_after_how_long_it_is_silent(store: Store) -> None:
    assert leases.take(store, "run-1", HERE, silent_seconds=30)
    lose(store, HERE, 40)
    assert (only(store).is_silent, only(store).silent_seconds) == (True, 30)


def test_of_workers_that_are_given_one_run_at_once_one_takes_it(store: Store) -> None:
    workers = [f"host:{number}:1.00" for number in range(8)]
    with ThreadPoolExecutor(len(workers)) as pool:
        taken = list(pool.map(lambda one: leases.take(store, "run-1", one, 60), workers))
    assert sum(taken) == 1
    assert only(store).worker == workers[taken.index(True)]
    assert leases.take(store, "run-1", only(store).worker, 60)


def test_a_parent_sends_the_heartbeats_of_its_processes_but_of_none_that_has_ended(
    store: Store,
) -> None:
    for run_id, worker in (("run-1", HERE), ("run-2", HERE), ("run-3", THERE)):
        leases.take(store, run_id, worker, 60)
        lose(store, worker, 61)
    leases.end(store, [HERE], "run-2")
    store.transaction(lambda connection: leases.beat_for(connection, [HERE]))
    found = {lease.job_id: (lease.is_silent, lease.has_ended) for lease in leases.all_leases(store)}
    assert found == {"run-1": (False, False), "run-2": (True, True), "run-3": (True, False)}

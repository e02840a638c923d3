"""Finds the runs that have lost their worker, from the leases.

A worker on this machine is lost as soon as its process has ended. One on another machine is lost
when that machine says so, or if its lease is silent, with the same heartbeat, at two looks in a
row: after an outage of the database, every lease is old until the living workers send their next
one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from pitchquest_assets.store.rows import leases
from pitchquest_assets.store.rows.leases import Lease
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import REST_SECONDS, host_of, is_gone, is_here

State = Literal["alive", "resting", "lost"]


@dataclass(frozen=True)
class Workers:
    """What one look at the leases has shown; the next look takes `silent`."""

    leases: Mapping[Lease, State]
    silent: Mapping[str, str]

    def of(self, run_id: str | None) -> State | None:
        """Return the best state of a run's workers; None if it has no lease."""
        states = {state for lease, state in self.leases.items() if lease.job_id == run_id}
        best: tuple[State, ...] = ("alive", "resting", "lost")
        return next((state for state in best if state in states), None)


def look(
    store: Store,
    silent_before: Mapping[str, str],
    waits: Callable[[str], bool] = lambda run_id: False,
) -> Workers:
    """Look at every lease.

    Args:
        silent_before: `silent` of the previous look.
        waits: whether a run waits for something that may take any time before its next step.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found = leases.all_leases(store)
    return Workers(
        {lease: _state(lease, silent_before, waits) for lease in found},
        {_name(lease): str(lease.heartbeat_at) for lease in found if lease.is_silent},
    )


def _state(lease: Lease, silent_before: Mapping[str, str], waits: Callable[[str], bool]) -> State:
    if lease.has_ended:
        return "lost"
    if is_here(lease.worker):
        return "lost" if is_gone(lease.worker) else "alive"
    was_silent = silent_before.get(_name(lease)) == str(lease.heartbeat_at)
    is_lost = lease.is_silent and was_silent
    if lease.heartbeat_at is None:
        return "lost" if is_lost and not waits(lease.job_id) else "resting"
    return "lost" if is_lost else "alive"


def _name(lease: Lease) -> str:
    return f"{lease.job_id} {lease.worker}"


def fail_lost_runs(instance: dg.DagsterInstance, workers: Workers) -> None:
    """Report the runs that have lost their worker as failed; leave those that have ended alone."""
    for lease in workers.leases:
        if workers.of(lease.job_id) != "lost":
            continue
        # Looked up after the worker, as the run may have ended properly in between.
        run = instance.get_run_by_id(lease.job_id)
        if run and not run.is_finished:
            instance.report_run_failed(run, _what_was_seen(lease))


def _what_was_seen(lease: Lease) -> str:
    if is_here(lease.worker):
        return "Its worker's process is gone."
    worker = f"Its worker on {host_of(lease.worker)}"
    if lease.has_ended:
        return f"{worker} has ended."
    if lease.heartbeat_at is None:
        return f"{worker} has not begun the next step for {REST_SECONDS} s."
    return f"{worker} has sent no heartbeat for {lease.silent_seconds} s."


def waits_for_a_slot(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Return whether a step of the run waits for its place in a pool, which may take any time."""
    storage = instance.event_log_storage
    return any(
        run_id in storage.get_concurrency_info(pool).pending_run_ids
        for pool in storage.get_concurrency_keys()
    )


def forget_ended(instance: dg.DagsterInstance, store: Store, workers: Workers) -> None:
    """Remove the leases of lost workers, and the resting leases of runs that have ended."""
    for lease, state in workers.leases.items():
        if state != "lost" and lease.heartbeat_at is not None:
            continue
        run = instance.get_run_by_id(lease.job_id)
        if state == "lost" or (run.is_finished if run else state == "resting"):
            leases.delete(store, lease.job_id, lease.worker)

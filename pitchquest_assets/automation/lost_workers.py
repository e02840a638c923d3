"""Which runs have lost their worker, by the leases.

On this machine a process that has ended is certain. One of another machine is lost when its lease
is silent at two looks in a row with the same heartbeat: after a minute without the database every
lease is old, until the living ones have sent the next heartbeat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from pitchquest_assets.store.rows import leases
from pitchquest_assets.store.rows.leases import SILENT_SECONDS, Lease
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import is_gone, is_here

State = Literal["alive", "resting", "lost"]


@dataclass(frozen=True)
class Workers:
    """What one look at the leases showed; `silent` is for the next one."""

    leases: Mapping[Lease, State]
    silent: Mapping[str, str]

    def of(self, run_id: str | None) -> State | None:
        """The best state of a run's workers; None where it has no lease."""
        states = {state for lease, state in self.leases.items() if lease.job_id == run_id}
        best: tuple[State, ...] = ("alive", "resting", "lost")
        return next((state for state in best if state in states), None)


def look(store: Store, silent_before: Mapping[str, str]) -> Workers:
    """Look at every lease.

    Args:
        silent_before: `silent` of the look before.
    """
    found = leases.all_leases(store)
    return Workers(
        {lease: _state(lease, silent_before) for lease in found},
        {_name(lease): str(lease.heartbeat_at) for lease in found if lease.is_silent},
    )


def _state(lease: Lease, silent_before: Mapping[str, str]) -> State:
    if is_here(lease.worker):
        return "lost" if is_gone(lease.worker) else "alive"
    if lease.heartbeat_at is None:
        return "resting"
    was_silent = silent_before.get(_name(lease)) == str(lease.heartbeat_at)
    return "lost" if lease.is_silent and was_silent else "alive"


def _name(lease: Lease) -> str:
    return f"{lease.job_id} {lease.worker}"


def fail_lost_runs(instance: dg.DagsterInstance, workers: Workers) -> None:
    """Report the runs that have lost their worker as failed; one that has ended stays as it is."""
    for lease in workers.leases:
        if workers.of(lease.job_id) != "lost":
            continue
        # Looked up after its worker: it may have ended properly in between.
        run = instance.get_run_by_id(lease.job_id)
        if run and not run.is_finished:
            instance.report_run_failed(run, _what_was_seen(lease.worker))


def _what_was_seen(worker: str) -> str:
    if is_here(worker):
        return "Its worker's process is gone."
    host = worker.partition(":")[0].partition("/")[0]
    return f"Its worker on {host} has sent nothing for {SILENT_SECONDS} s."


def forget_ended(instance: dg.DagsterInstance, store: Store, workers: Workers) -> None:
    """Remove the leases that nobody will renew: of lost workers, and the resting of ended runs."""
    for lease, state in workers.leases.items():
        if state != "lost" and lease.heartbeat_at is not None:
            continue
        run = instance.get_run_by_id(lease.job_id)
        if state == "lost" or (run.is_finished if run else state == "resting"):
            leases.delete(store, lease.job_id, lease.worker)

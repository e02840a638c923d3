"""The rows of `worker_leases`: which process works on which run, and its last heartbeat."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import REST_SECONDS, SILENT_SECONDS

ENDED = datetime(1970, 1, 1, tzinfo=UTC)
"""The last heartbeat of a worker that is known to have ended before its run."""

_SILENT_AFTER = "make_interval(secs => :silent_seconds)"
_BEAT = text(f"""
    insert into worker_leases (job_id, worker, video_id, silent_after)
    values (:job_id, :worker, :video_id, {_SILENT_AFTER})
    on conflict (job_id, worker) do update set heartbeat_at = now(), rested_at = null
""")
# Two workers that are given the same run at the same moment wait for each other here.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:job_id, 0))")
_TAKE = text(f"""
    insert into worker_leases (job_id, worker, video_id, silent_after)
    select :job_id, :worker, '', {_SILENT_AFTER}
    where not exists (
      select from worker_leases where job_id = :job_id and worker <> :worker
    )
    on conflict (job_id, worker) do update set heartbeat_at = now()
""")
_BEAT_FOR = text("""
    update worker_leases set heartbeat_at = now()
    where worker = any(:workers) and heartbeat_at <> :ended
""")
_END = text("""
    update worker_leases set heartbeat_at = :ended
    where worker = any(:workers) and job_id = coalesce(cast(:job_id as text), job_id)
""")
_REST = text("""
    update worker_leases set heartbeat_at = null, rested_at = now()
    where job_id = :job_id and worker = :worker
""")
_DELETE = text("""
    delete from worker_leases
    where job_id = :job_id and worker = coalesce(cast(:worker as text), worker)
""")
_ALL = text(f"""
    select job_id, worker, video_id, heartbeat_at,
      coalesce(
        heartbeat_at < now() - silent_after,
        rested_at < now() - interval '{REST_SECONDS} seconds',
        false
      ) as is_silent,
      extract(epoch from silent_after)::int as silent_seconds
    from worker_leases order by job_id, worker
""")


class Lease(NamedTuple):
    """A process that works on a run.

    `heartbeat_at` is None between two steps that have a process each, while nothing runs. A lease
    `is_silent` if it had no heartbeat for `silent_seconds`, or has rested for REST_SECONDS.
    """

    job_id: str
    worker: str
    video_id: str
    heartbeat_at: datetime | None
    is_silent: bool
    silent_seconds: int = SILENT_SECONDS

    @property
    def has_ended(self) -> bool:
        """Whether the machine of the worker has seen it end."""
        return self.heartbeat_at == ENDED


def beat(store: Store, job_id: str, worker: str, video_id: str) -> None:
    """Take the lease, or renew it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    values = {
        "job_id": job_id,
        "worker": worker,
        "video_id": video_id,
        "silent_seconds": SILENT_SECONDS,
    }
    store.transaction(lambda connection: connection.execute(_BEAT, values))


def take(store: Store, job_id: str, worker: str, silent_seconds: float) -> bool:
    """Take the lease of a run that nobody else may work on; return whether it was free.

    Its heartbeats are left to `beat_for`.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    values = {"job_id": job_id, "worker": worker, "silent_seconds": silent_seconds}

    def work(connection: Connection) -> bool:
        connection.execute(_LOCK, {"job_id": job_id})
        return connection.execute(_TAKE, values).rowcount == 1

    return store.transaction(work)


def beat_for(connection: Connection, workers: Sequence[str]) -> None:
    """Renew every lease of these workers, except those that have ended."""
    connection.execute(_BEAT_FOR, {"workers": list(workers), "ended": ENDED})


def end(store: Store, workers: Sequence[str], job_id: str | None = None) -> None:
    """Record that these workers have ended before their runs, or before that one run.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    values = {"workers": list(workers), "job_id": job_id, "ended": ENDED}
    store.transaction(lambda connection: connection.execute(_END, values))


def rest(store: Store, job_id: str, worker: str) -> None:
    """Keep the lease without heartbeats until the process of the next step renews it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    values = {"job_id": job_id, "worker": worker}
    store.transaction(lambda connection: connection.execute(_REST, values))


def delete(store: Store, job_id: str, worker: str | None = None) -> None:
    """Remove the lease of one worker, or without one all leases of a run, if there are any.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    values = {"job_id": job_id, "worker": worker}
    store.transaction(lambda connection: connection.execute(_DELETE, values))


def all_leases(store: Store) -> list[Lease]:
    """Return every lease, by run and worker; the database's clock decides which are silent.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return store.transaction(lambda c: [Lease(*row) for row in c.execute(_ALL)])

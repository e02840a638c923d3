"""The rows of `worker_leases`: which process works on which run, and its last heartbeat."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import SILENT_SECONDS

_BEAT = text("""
    insert into worker_leases (job_id, worker, video_id) values (:job_id, :worker, :video_id)
    on conflict (job_id, worker) do update set heartbeat_at = now()
""")
_REST = text("""
    update worker_leases set heartbeat_at = null where job_id = :job_id and worker = :worker
""")
_DELETE = text("""
    delete from worker_leases
    where job_id = :job_id and worker = coalesce(cast(:worker as text), worker)
""")
_ALL = text(f"""
    select job_id, worker, video_id, heartbeat_at,
      coalesce(heartbeat_at < now() - interval '{SILENT_SECONDS} seconds', false) as is_silent
    from worker_leases order by job_id, worker
""")


class Lease(NamedTuple):
    """A process that works on a run.

    `heartbeat_at` is None while nothing is run between two steps that have a process each;
    `is_silent` says that there was no heartbeat for SILENT_SECONDS.
    """

    job_id: str
    worker: str
    video_id: str
    heartbeat_at: datetime | None
    is_silent: bool


def beat(store: Store, job_id: str, worker: str, video_id: str) -> None:
    """Take the lease, or renew it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    values = {"job_id": job_id, "worker": worker, "video_id": video_id}
    store.transaction(lambda connection: connection.execute(_BEAT, values))


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

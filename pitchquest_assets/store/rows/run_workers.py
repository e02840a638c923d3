"""The rows of `run_workers`: which `pitchquest worker` runs where, for which queue."""

from typing import NamedTuple

from sqlalchemy import Connection, text

from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import host_of

# After that long without a heartbeat, nobody counts on a worker any more.
GONE_SECONDS = 180

_BEAT = text("""
    insert into run_workers (worker, queue, slots, disk_free_bytes)
    values (:worker, :queue, :slots, :disk_free_bytes)
    on conflict (worker) do update set
      queue = excluded.queue, slots = excluded.slots,
      disk_free_bytes = excluded.disk_free_bytes, heartbeat_at = now()
""")
_DELETE = text("delete from run_workers where worker = :worker")
_FORGET = text("delete from run_workers where heartbeat_at < now() - interval '1 day'")
_LIVING = text(f"""
    select worker, queue, slots, disk_free_bytes from run_workers
    where heartbeat_at > now() - interval '{GONE_SECONDS} seconds' order by queue, worker
""")


class RunWorker(NamedTuple):
    """A `pitchquest worker`: its process, its queue, and how many runs it executes at a time."""

    worker: str
    queue: str
    slots: int
    disk_free_bytes: int | None

    @property
    def host(self) -> str:
        """The name of its machine."""
        return host_of(self.worker)


def beat(connection: Connection, worker: RunWorker) -> None:
    """Write the worker's row, or renew it."""
    connection.execute(_BEAT, worker._asdict())


def delete(store: Store, worker: str) -> None:
    """Remove the row of a worker that ends, and those that have been silent for a day.

    Raises:
        StoreUnavailable: the database does not answer.
    """

    def work(connection: Connection) -> None:
        connection.execute(_DELETE, {"worker": worker})
        connection.execute(_FORGET)

    store.transaction(work)


def living(store: Store) -> list[RunWorker]:
    """Return the workers whose last heartbeat is younger than GONE_SECONDS, by queue.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return store.transaction(lambda c: [RunWorker(*row) for row in c.execute(_LIVING)])

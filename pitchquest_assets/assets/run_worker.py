"""This process as a worker of a run: its lease, and taking the run's video."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, cast

import dagster as dg
from pydantic import PrivateAttr
from sqlalchemy.exc import SQLAlchemyError

from pitchquest_assets.errors import PitchQuestError, Superseded
from pitchquest_assets.partitions import ATTEMPT_TAG, CLAIMED_TAG
from pitchquest_assets.resources import OptionsResource
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import leases, queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import is_kept_by_parent, name_of, this_worker

HEARTBEAT_SECONDS = 10
STOP_SECONDS = 1.0
# The executors that start the process of each step from the one that runs the job.
WITH_PARENT = (dg.multiprocess_executor.name, dg.multi_or_in_process_executor.name)


class RunWorker(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Makes this process a worker of the run; its lease ends with the last step here."""

    store: StoreResource
    options: OptionsResource
    _lease: "_HeldLease | None" = PrivateAttr(None)
    _has_begun: bool = PrivateAttr(False)
    _has_claimed: bool = PrivateAttr(False)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["RunWorker"]:
        """Yield the resource; release the lease after the last step of this process."""
        try:
            yield self
        finally:
            if self._lease:
                self._lease.release()

    def begin(self, context: dg.AssetExecutionContext) -> None:
        """Take the lease and, if the run makes the result, the video; each step calls this first.

        Both are taken only once. The run's options become its tags.

        Raises:
            Superseded: another run has taken the video since this run was started.
            UnknownVideo: no such video is registered.
            StoreUnavailable: the database does not answer.
        """
        if not self._has_begun:
            # First, so that no video is ever taken by a worker without a lease.
            if not is_kept_by_parent():
                self._lease = _HeldLease(self.store.store(), context)
            tags = self.options.tags()
            if not tags.items() <= context.run.tags.items():
                context.instance.add_run_tags(context.run.run_id, tags)
            self._has_begun = True
        if not self._has_claimed and will_complete(context.run):
            _claim(self.store.store(), context)
            self._has_claimed = True


def will_complete(run: dg.DagsterRun) -> bool:
    """Return whether this run makes the result; if not, it leaves the video's status alone."""
    # A run re-executed from failure has the selection of the first one, but fewer steps.
    steps = run.step_keys_to_execute if run.parent_run_id else None
    if steps and "aggregated_result" not in steps:
        return False
    assets = run.asset_selection
    return not assets or dg.AssetKey("aggregated_result") in assets


def _claim(store: Store, context: dg.AssetExecutionContext) -> None:
    """Take the video for this run, unless the run already has it, perhaps in another process.

    A run of the sensor takes only its own attempt. A run that a person started takes the video
    whatever its status; if it is a re-execution, the attempt in its tags is the old one.
    """
    run, video_id = context.run, context.partition_key
    row = videos.get(store, video_id)
    if row.job_id == run.run_id:
        return
    attempt = run.tags.get(ATTEMPT_TAG)
    if attempt is not None and not run.parent_run_id:
        queue.claim(store, video_id, run.run_id, int(attempt))
        return
    if run.tags.get(CLAIMED_TAG) == run.run_id:
        raise Superseded(f"Another run has taken {video_id} from this one: there is nothing to do.")
    queue.claim(store, video_id, run.run_id, attempt=None)
    # For the next steps, which may have processes of their own.
    context.instance.add_run_tags(run.run_id, {CLAIMED_TAG: run.run_id})


class _HeldLease:
    """A lease with a thread that sends its heartbeats."""

    def __init__(self, store: Store, context: dg.AssetExecutionContext) -> None:
        self._store = store
        parent = multiprocessing.parent_process() if _has_parent(context) else None
        # The parent starts the next step, and restarts a killed one: the run ends with the parent.
        self._worker = name_of(parent.pid) if parent and parent.pid else this_worker()
        self._is_kept = parent is not None
        self._job_id, self._video_id = context.run.run_id, context.partition_key
        self._released = Event()
        self._beat()
        self._thread = Thread(target=self._keep_beating, daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Stop the heartbeats; delete the lease, unless the next step's process will renew it."""
        self._released.set()
        self._thread.join(STOP_SECONDS)
        # If this fails, a sweep removes the lease.
        with suppress(PitchQuestError, SQLAlchemyError):
            if self._is_kept:
                leases.rest(self._store, self._job_id, self._worker)
            else:
                leases.delete(self._store, self._job_id, self._worker)

    def _keep_beating(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS):
            # The next heartbeat may succeed.
            with suppress(PitchQuestError, SQLAlchemyError):
                self._beat()

    def _beat(self) -> None:
        leases.beat(self._store, self._job_id, self._worker, self._video_id)


def _has_parent(context: dg.AssetExecutionContext) -> bool:
    """Whether the executor runs this step in a child of the process that runs the job."""
    execution = cast(dict[str, dict[str, Any]], context.run.run_config).get("execution", {})
    is_in_process = "in_process" in (execution.get("config") or {})
    return context.job_def.executor_def.name in WITH_PARENT and not is_in_process

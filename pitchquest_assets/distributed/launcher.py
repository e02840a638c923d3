"""Starts runs as Celery tasks: `run_launcher` in the dagster.yaml of several machines.

What dagster-celery's own launcher does differently:

- It asks Redis whether a run is alive, and so takes a living run for lost once Redis has been
  flushed, or a day after its start. Here the leases alone decide that (`automation.lost_workers`).
- It offers to resume runs, which fails with all of our executors. A video whose worker was lost
  gets a run of its own instead.
- A run that is terminated ends as failed. Here it is canceled, even while it waits in Redis.
- A run whose message cannot be sent, or is lost in Redis, fails. Here it waits, and is sent
  again (`send_again`).
"""

from typing import Any

import dagster as dg
from celery import Celery
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG
from kombu.exceptions import OperationalError

from pitchquest_assets.dagster_private import LaunchRunContext
from pitchquest_assets.distributed.celery_settings import CELERY_SETTINGS, EXECUTE_RUN, NO_BACKEND
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import leases
from pitchquest_assets.store.store import open_store


class CeleryLauncher(CeleryRunLauncher):
    """Sends each run to the queue of its tag `dagster-celery/queue`; the task's id is the run's."""

    celery: Celery

    def app_args(self) -> dict[str, Any]:
        """Return what the Celery app is made of, with our settings."""
        arguments: dict[str, Any] = super().app_args()
        settings = CELERY_SETTINGS | arguments["config_source"]
        return arguments | {"backend": NO_BACKEND, "config_source": settings}

    def launch_run(self, context: LaunchRunContext) -> None:
        """Send a run to its queue; if the broker is away, it is sent later."""
        run = context.dagster_run
        queue = self.queue_of(run)
        try:
            # Dagster has its own queue before this one; the highest priority is one list in Redis.
            self.celery.send_task(
                EXECUTE_RUN, task_id=run.run_id, queue=queue, priority=0, ignore_result=True
            )
        except OperationalError as error:
            said = f"The broker does not answer ({error}): the run is sent when it does."
        else:
            said = f"Sent to the workers of the queue {queue!r}."
        self._instance.report_engine_event(said, run, cls=type(self))

    def queue_of(self, run: dg.DagsterRun) -> str:
        """Return the name of the queue that a run goes to."""
        return run.tags.get(DAGSTER_CELERY_QUEUE_TAG, self.default_queue)

    def send_again(self, runs: list[dg.DagsterRun]) -> list[dg.DagsterRun]:
        """Send again the runs that no worker has begun, if nothing waits in their queue.

        In that case their messages are lost, or were never sent. A run that was begun after all is
        not executed twice.

        Returns:
            The runs that were sent; none while the broker does not answer.
        """
        queues = sorted(set(map(self.queue_of, runs)))
        with self.celery.connection_for_write() as connection:
            try:
                channel = connection.default_channel
                waiting = {name: channel.queue_declare(name).message_count for name in queues}
            except (OperationalError, *connection.connection_errors):
                return []
        lost = [run for run in runs if not waiting[self.queue_of(run)]]
        for run in lost:
            self.launch_run(LaunchRunContext(run, None))
        return lost

    def terminate(self, run_id: str) -> bool:
        """Cancel a run, at once if no worker has begun it; return whether there was any to cancel.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        # Without this, the interrupted run would report itself as failed.
        self._instance.report_run_canceling(run)
        try:
            # Asked first, because `revoke` would wait for ever for a broker that is gone.
            with self.celery.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1)
            self.celery.control.revoke(run_id, terminate=True, signal="SIGTERM")
        except OperationalError as error:
            said = f"The broker does not answer ({error}): a worker that has the run goes on."
            self._instance.report_engine_event(said, run, cls=type(self))
        held = {lease.job_id for lease in leases.all_leases(open_store(load_settings()))}
        if run_id not in held:
            self._instance.report_run_canceled(run)
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """No: the leases say which runs have lost their worker."""
        return False

    @property
    def supports_resume_run(self) -> bool:
        """No: the video gets a new run."""
        return False

    def get_run_worker_debug_info(
        self, run: dg.DagsterRun, include_container_logs: bool | None = True
    ) -> str | None:
        """Return nothing: Redis knows no more than the leases."""
        return None

"""Keeps the status of videos correct after runs that failed or were cancelled."""

import dagster as dg

from pitchquest_assets.automation.failure_causes import READ, Cause, cause_of
from pitchquest_assets.errors import StoreCorrupt
from pitchquest_assets.partitions import ATTEMPT_TAG, PARTITION_TAG
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import spool
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import erasures, queue, videos
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store


@dg.run_failure_sensor(
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes into the row of a video why its run failed, or has it tried again if the "
    "worker was lost. Covers killed workers and timeouts too.",
)
def failed_runs(context: dg.RunFailureSensorContext, store: StoreResource) -> None:
    """Settle the video of a failed run."""
    _settle(context, store)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.CANCELED,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sets the video of a run that was cancelled, here or by its time limit, to failed.",
)
def cancelled_runs(context: dg.RunStatusSensorContext, store: StoreResource) -> None:
    """Settle the video of a cancelled run."""
    _settle(context, store)


def cause_of_run(instance: dg.DagsterInstance, run_id: str) -> Cause:
    """Return why a run failed or was cancelled."""
    entries = instance.all_logs(run_id, of_type=READ)
    return cause_of(entry.dagster_event for entry in entries if entry.dagster_event)


def settle(
    store: Store, settings: Settings, row: VideoRow, job_id: str | None, cause: Cause
) -> str | None:
    """Give the video another attempt if that may help, or else set it to 'failed'.

    Args:
        job_id: the run that failed or was cancelled; None if no run took the video.

    Returns:
        What was done, as a sentence; None if another process was faster.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if job_id:
        try:
            if spool.recover_of_run(store, settings, row.video_id, job_id):
                return f"{row.video_id} is completed: its result was spooled."
        except StoreCorrupt as error:
            cause = Cause(str(error))
    tries = row.workers_lost + 1
    if cause.passing and tries < settings.max_attempts:
        done = queue.give_back(store, row.video_id, job_id, row.attempts, because="worker lost")
        return f"{row.video_id} is tried again: {cause.sentence}" if done else None
    sentence = cause.sentence
    if cause.passing:
        sentence += f" It was tried {tries} times; `pitchquest retry {row.video_id}` tries again."
    done = queue.give_up(
        store, row.video_id, job_id, row.attempts, sentence, cancelled=cause.cancelled
    )
    return f"{row.video_id} failed: {sentence}" if done else None


def _settle(context: dg.RunStatusSensorContext, resource: StoreResource) -> None:
    """Settle the video of a failed or cancelled run, unless it is no longer with that run."""
    run, store = context.dagster_run, resource.store()
    video_id = run.tags.get(PARTITION_TAG)
    row = videos.find(store, video_id) if video_id else None
    if video_id and row is None:
        # It was requested while its video was being deleted: what it has written is removed, too.
        erasures.reopen(store, video_id)
    if row is None or row.status not in ("processing", "uploaded"):
        return
    waits_for_it = row.status == "uploaded" and run.tags.get(ATTEMPT_TAG) == str(row.attempts)
    if row.job_id == run.run_id or waits_for_it:
        cause = cause_of_run(context.instance, run.run_id)
        done = settle(store, resource.settings.in_force(), row, row.job_id, cause)
        context.log.info(done or f"{row.video_id} has been settled by another process.")

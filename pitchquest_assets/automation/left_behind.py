"""Finds videos that nobody works on: their worker is lost, or their run is gone or never came."""

import json
from datetime import UTC, datetime, timedelta

import dagster as dg

from pitchquest_assets.automation.failure_causes import SHUT_DOWN, WORKER_LOST, Cause
from pitchquest_assets.automation.lost_messages import send_again
from pitchquest_assets.automation.lost_workers import (
    Workers,
    fail_lost_runs,
    forget_ended,
    look,
    waits_for_a_slot,
)
from pitchquest_assets.automation.run_outcomes import cause_of_run, settle
from pitchquest_assets.partitions import ATTEMPT_TAG, PARTITION_TAG
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import scratch
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import queue
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import is_gone

SWEEP_SECONDS = 30
# The sensor requests a run within seconds; the run may then wait long in Dagster's queue.
NEVER_CAME_AFTER = timedelta(minutes=2)
SWEPT_UPLOADS = 50


@dg.sensor(
    minimum_interval_seconds=SWEEP_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Finds videos left behind: 'processing' without a live run, or 'uploaded' though "
    "their run has ended. They are tried again, up to PITCHQUEST_MAX_ATTEMPTS, then failed. "
    "Removes the scratch files of lost workers.",
)
def left_behind(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Sweep once and say what was found."""
    instance, silent_before = context.instance, json.loads(context.cursor or "{}")
    workers = look(store.store(), silent_before, lambda run: waits_for_a_slot(instance, run))
    settings = store.settings.in_force()
    sentences = sweep(instance, store.store(), settings, workers)
    sentences += send_again(instance, workers)
    context.update_cursor(json.dumps(workers.silent))
    sentences += [
        f"The scratch files {folder} were removed, as their worker is gone."
        for folder in scratch.sweep(settings, is_gone)
    ]
    for sentence in sentences:
        context.log.warning(sentence)
    return dg.SkipReason("; ".join(sentences) or "No video is left behind.")


def sweep(
    instance: dg.DagsterInstance,
    store: Store,
    settings: Settings,
    workers: Workers | None = None,
) -> list[str]:
    """Settle every video that is left behind; return a sentence for each.

    Args:
        workers: a look at the leases; by default a first look, which considers no worker of another
            machine lost.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    workers = workers or look(store, {})
    overdue = datetime.now(UTC) - NEVER_CAME_AFTER
    fail_lost_runs(instance, workers)
    left = [
        (row, row.job_id, _cause_of_processing(instance, row, workers, overdue))
        for row in queue.in_processing(store)
    ]
    left += [
        (row, None, _cause_of_waiting(instance, row, overdue))
        for row in queue.waiting(store, SWEPT_UPLOADS)
        if row.updated_at < overdue
    ]
    done = [settle(store, settings, row, job_id, cause) for row, job_id, cause in left if cause]
    # Last, so that the next sweep finds them again if the database goes away in between.
    forget_ended(instance, store, workers)
    return [sentence for sentence in done if sentence]


def _cause_of_processing(
    instance: dg.DagsterInstance, row: VideoRow, workers: Workers, overdue: datetime
) -> Cause | None:
    """Why a video is 'processing' although its run has ended or is gone; None if one is alive."""
    run = instance.get_run_by_id(row.job_id) if row.job_id else None
    if run is None:
        # `pitchquest analyze` takes the video before it creates its run, and a run that was
        # deleted in Dagit goes on to its end.
        if row.updated_at > overdue or workers.of(row.job_id) == "alive":
            return None
        return Cause(f"{WORKER_LOST} (its run is gone).", passing=True)
    if run.is_success:
        # A run stores its result before it ends, so this one made only other assets.
        return Cause(f"{WORKER_LOST} (no result).", passing=True)
    return cause_of_run(instance, run.run_id) if run.is_finished else None


def _cause_of_waiting(
    instance: dg.DagsterInstance, row: VideoRow, overdue: datetime
) -> Cause | None:
    """Why an upload waits although its run has ended, so that its run key is used up."""
    tags = {PARTITION_TAG: row.video_id, ATTEMPT_TAG: str(row.attempts)}
    records = instance.get_run_records(dg.RunsFilter(tags=tags))
    for record in records:
        run = record.dagster_run
        # A worker takes its video before it does anything else.
        if _started_before(record, overdue) and not _waits_for_a_process(instance, run):
            instance.report_run_failed(run, "Its worker ended before it took the video.")
        elif not run.is_finished:
            return None
    return cause_of_run(instance, records[0].dagster_run.run_id) if records else None


def _started_before(record: dg.RunRecord, moment: datetime) -> bool:
    is_started = record.dagster_run.status == dg.DagsterRunStatus.STARTED
    return is_started and record.start_time is not None and record.start_time < moment.timestamp()


def _waits_for_a_process(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a step is getting a process of its own, which may take any time."""
    kinds = {dg.DagsterEventType.STEP_WORKER_STARTING, dg.DagsterEventType.ENGINE_EVENT}
    # Executors with a queue of their own only say that the step was submitted.
    return any(entry.step_key for entry in instance.all_logs(run.run_id, of_type=kinds))


def give_back_all(instance: dg.DagsterInstance, store: Store) -> list[str]:
    """Put the videos whose workers were shut down back to 'uploaded'; return their ids."""
    given_back = []
    workers = look(store, {})
    for row in queue.in_processing(store):
        run = instance.get_run_by_id(row.job_id) if row.job_id else None
        if run is None or workers.of(row.job_id) != "lost":
            continue
        if not run.is_finished:
            instance.report_run_canceled(run, SHUT_DOWN)
        # The code server may have reported the lost worker before it was stopped itself.
        elif not cause_of_run(instance, run.run_id).sentence.startswith(WORKER_LOST):
            continue
        queue.give_back(store, row.video_id, row.job_id, row.attempts, because="shut down")
        given_back.append(row.video_id)
    forget_ended(instance, store, workers)
    return given_back

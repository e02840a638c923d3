"""Carries out erasures: removes what Dagster, objects and files still have of deleted videos."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import dagster as dg

from pitchquest_assets.automation import dagster_erasure
from pitchquest_assets.automation.left_files import files_about, redact_logs
from pitchquest_assets.automation.lost_workers import Workers, fail_lost_runs, forget_ended, look
from pitchquest_assets.errors import InvalidInput
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import scratch, spool
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import erasures
from pitchquest_assets.store.rows.erasures import Erasure
from pitchquest_assets.store.rows.progress import ASSETS
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.video_bucket import path_in_bucket

# A worker takes its lease at the start of its first step.
NEVER_CAME_AFTER = timedelta(minutes=2)
DAEMON_SILENT_AFTER = timedelta(minutes=1)
ERASED = "Its video was deleted."


@dg.sensor(
    name="erasures",
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Removes what is left of deleted videos: objects, uploaded files, reports, spooled "
    "results, and what Dagster knows of them. A run that works on one is ended first.",
)
def carry_out_erasures(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Carry out the oldest erasures that are not finished."""
    waiting = carry_out(context.instance, store.store(), store.settings.in_force())
    # Without the ids, which would stay in the table of ticks.
    return dg.SkipReason(f"{len(waiting)} erasures are not finished.")


def carry_out(
    instance: dg.DagsterInstance,
    store: Store,
    settings: Settings,
    video_ids: Iterable[str] | None = None,
) -> dict[str, str]:
    """Remove what is left of deleted videos, as far as their workers have ended.

    While a daemon runs, everything is removed twice, SETTLED_SECONDS apart: one of its ticks may
    have written about a video in between.

    Args:
        video_ids: only the erasures of these videos; by default the oldest ones.

    Returns:
        Why an erasure is not finished, by video id.

    Raises:
        StoreUnavailable: the database or Storage does not answer; the next call goes on.
    """
    wanted = None if video_ids is None else list(video_ids)
    if not erasures.unfinished(store, wanted):
        return {}
    with erasures.alone(store) as is_alone:
        found = erasures.unfinished(store, wanted)
        if not is_alone:
            return {one.video_id: "another process is doing this" for one in found}
        return _carry_out(instance, store, settings, found)


def _carry_out(
    instance: dg.DagsterInstance, store: Store, settings: Settings, found: list[Erasure]
) -> dict[str, str]:
    workers = look(store, {})
    fail_lost_runs(instance, workers)
    forget_ended(instance, store, workers)
    runs = {
        one.id: dagster_erasure.runs_about(instance, one.video_id, one.run_ids) for one in found
    }
    busy = {one.id: _end(instance, one.video_id, runs[one.id], workers) for one in found}
    for one in found:
        _remove_objects(store, one)
        _remove_files(store, settings, one)
    ended = [run.run_id for all_of in runs.values() for run in all_of if run.is_finished]
    dagster_erasure.forget(instance, [one.video_id for one in found], ended)
    redact_logs(settings, [one.video_id for one in found], [one.filename for one in found])
    quiet = [one for one in found if not busy[one.id]]
    erasures.note_cleared(store, quiet)
    done = [one for one in quiet if one.is_settled or not _has_daemon(instance)]
    erasures.finish(store, done)
    return {
        one.video_id: busy[one.id] or "it will be checked again in a few seconds"
        for one in found
        if one not in done
    }


def _end(
    instance: dg.DagsterInstance, video_id: str, runs: Sequence[dg.DagsterRun], workers: Workers
) -> str | None:
    """Cancel the runs of one video; return which of them may still write about it, if one may."""
    run_ids = {run.run_id for run in runs}
    at_work = {
        lease.job_id
        for lease, state in workers.leases.items()
        # A lease that was taken before the first step names no video.
        if (lease.video_id == video_id or lease.job_id in run_ids) and state != "lost"
    }
    for run in runs:
        if run.is_finished:
            continue
        if run.run_id not in at_work and _is_old(instance, run):
            instance.report_run_canceled(run, ERASED)
        elif run.status != dg.DagsterRunStatus.CANCELING:
            _cancel(instance, run)
        # The next look will find that it has ended.
        at_work.add(run.run_id)
    return f"run {min(at_work)} works on it, and ends at its next step" if at_work else None


def _cancel(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    if run.status == dg.DagsterRunStatus.NOT_STARTED:
        instance.report_run_canceled(run, ERASED)
        return
    try:
        instance.run_coordinator.cancel_run(run.run_id)
    except dg.DagsterError as error:
        # Its code server is gone; a worker that is left will find that it may no longer write.
        instance.report_engine_event(f"It could not be cancelled: {error}", run)


def _is_old(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    record = instance.get_run_record_by_id(run.run_id)
    return record is not None and record.update_timestamp < datetime.now(UTC) - NEVER_CAME_AFTER


def _remove_objects(store: Store, erasure: Erasure) -> None:
    """Remove the objects that rows named, and those that a killed worker left without a row."""
    for path in erasure.object_paths:
        store.objects.delete(path)
    for asset in ASSETS:
        store.objects.delete_folder(f"{asset}/{erasure.video_id}")
    for path in spool.waiting_objects(store):
        if spool.video_id_of(path) == erasure.video_id:
            store.objects.delete(path)


def _remove_files(store: Store, settings: Settings, erasure: Erasure) -> None:
    """Remove the upload, its copies here and what was made of it, except files that a row names."""
    uploads = [path for path in (erasure.file_path, erasure.captions_path) if path]
    files = files_about(settings, erasure)
    in_use = erasures.named_files(store, [*uploads, *map(str, files)])
    if not erasure.keeps_files and store.video_bucket:
        for path in uploads:
            # A path that leads elsewhere was never read, and Storage has no such file.
            with suppress(InvalidInput):
                if path not in in_use:
                    store.video_bucket.remove(path_in_bucket(path, erasure.owner))
    for file in files:
        if str(file) not in in_use:
            file.unlink(missing_ok=True)
    for run_id in erasure.run_ids:
        scratch.remove_folders_of(settings, run_id)


def _has_daemon(instance: dg.DagsterInstance) -> bool:
    """Whether a daemon runs, whose ticks may be under way."""
    since = (datetime.now(UTC) - DAEMON_SILENT_AFTER).timestamp()
    return any(beat.timestamp > since for beat in instance.get_daemon_heartbeats().values())

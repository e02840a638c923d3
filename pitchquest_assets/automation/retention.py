"""The daily pruning: one job, with an op for each kind of data that would pile up."""

import dagster as dg

from pitchquest_assets.automation.dagster_pruning import (
    RETENTION_JOB,
    prune_events,
    prune_partition_keys,
    prune_runs,
)
from pitchquest_assets.automation.left_files import remove_made_files
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.retention import (
    prune_answers,
    prune_records,
    prune_results,
    prune_values,
    sweep_objects,
    sweep_uploads,
)

RECORDS_RETENTION_DAYS = 30


@dg.op
def intermediate_values(context: dg.OpExecutionContext, store: StoreResource) -> None:
    """Remove frames, sound, transcripts and analyses of finished videos, after RETENTION_DAYS.

    The vendors' answers go with them; reports and results stay. Objects that no row names are
    removed after a day.
    """
    days = store.settings.in_force().retention_days
    _report(
        context,
        values=prune_values(store.store(), days),
        vendor_answers=prune_answers(store.store(), days),
        objects_without_row=sweep_objects(store.store()),
    )


@dg.op
def old_results(context: dg.OpExecutionContext, store: StoreResource) -> None:
    """Remove everything about videos finished RESULT_RETENTION_DAYS ago; off by default.

    That is the result, its history, the report, its copy in HOME/reports and the row in `videos`;
    the sensor `erasures` removes the rest. Files that the pipeline uploaded and no row names are
    always removed after a day, and so are copies of what was deleted on another machine.
    """
    settings = store.settings.in_force()
    days = settings.result_retention_days
    video_ids = [] if days is None else prune_results(store.store(), days)
    for video_id in video_ids:
        (settings.home_path / "reports" / f"{video_id}.html").unlink(missing_ok=True)
    remove_made_files(store.store(), settings)
    _report(context, videos=len(video_ids), uploads_without_row=sweep_uploads(store.store()))


@dg.op
def partition_keys(context: dg.OpExecutionContext, store: StoreResource) -> None:
    """Remove keys in Dagit of videos finished PARTITION_RETENTION_DAYS ago, or without a row.

    More than about 40,000 keys would freeze Dagit. A video that is uploaded again gets a new key.
    """
    days = store.settings.in_force().partition_retention_days
    _report(context, keys=prune_partition_keys(context.instance, store.store(), days))


@dg.op
def event_log(context: dg.OpExecutionContext, store: StoreResource) -> None:
    """Remove events that nobody reads, an hour after their run succeeded.

    Runs that ended PARTITION_RETENTION_DAYS ago are removed completely.
    """
    days = store.settings.in_force().partition_retention_days
    _report(
        context,
        events=prune_events(context.instance),
        runs=prune_runs(context.instance, days),
    )


@dg.op
def health_and_alerts(context: dg.OpExecutionContext, store: StoreResource) -> None:
    """Remove health rows, drift checks that changed nothing, alerts and events after 30 days."""
    _report(context, **prune_records(store.store(), RECORDS_RETENTION_DAYS))


def _report(context: dg.OpExecutionContext, **removed: int) -> None:
    """Show in Dagit what was removed."""
    context.log.info(", ".join(f"{count} {name}" for name, count in removed.items()) + " removed")
    context.add_output_metadata(removed)


@dg.job(
    name=RETENTION_JOB,
    description="Removes old data, each kind by its own setting: intermediate "
    "values (RETENTION_DAYS), results (RESULT_RETENTION_DAYS, off by default), keys and runs in "
    "Dagit (PARTITION_RETENTION_DAYS), events that nobody reads, health rows and alerts. In "
    "batches, so it may be cancelled and started again at any time.",
)
def retention() -> None:
    """All prunings, independent of each other."""
    intermediate_values()
    old_results()
    partition_keys()
    event_log()
    health_and_alerts()


daily_retention = dg.ScheduleDefinition(
    name="daily_retention",
    job=retention,
    cron_schedule="40 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Starts the job `retention` at 03:40 UTC.",
)

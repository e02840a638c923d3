"""Measures the system every five minutes."""

import shutil
from datetime import timedelta

import dagster as dg

from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.system_health import record_health


@dg.sensor(
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes a `system_health` row into `monitoring_metrics`: queue depth and age, "
    "running, failed and completed in the last hour, p50 and p95 of the processing time in the "
    "last 24 hours, database size, free disk. Raises the alerts for a stuck queue "
    "(PITCHQUEST_STUCK_QUEUE_MINUTES) and the daily budget (PITCHQUEST_DAILY_BUDGET_USD).",
)
def system_health(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Measure once. It is a sensor because a scheduled run would cost a process and event rows."""
    settings = store.settings.in_force()
    opened = store.store()
    settings.home_path.mkdir(parents=True, exist_ok=True)
    health = record_health(
        opened,
        disk_free_bytes=shutil.disk_usage(settings.home_path).free,
        stuck_after=timedelta(minutes=settings.stuck_queue_minutes),
        daily_budget_usd=settings.daily_budget_usd,
    )
    return dg.SkipReason(
        f"{health['queue_depth']} waiting, {health['processing']} being analysed, "
        f"{health['completed_last_hour']} completed and {health['failed_last_hour']} failed "
        "within the last hour."
    )

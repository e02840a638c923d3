"""Measures the system every five minutes."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from pitchquest_assets.store.home import make_home
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.alerts import raise_alert
from pitchquest_assets.store.rows.system_health import record_health
from pitchquest_assets.store.rows.webhook_events import give_up_old
from pitchquest_assets.store.store import Store

# A run of a long video needs about half of this until it has ended.
MIN_FREE_BYTES = 1_000_000_000


def tell_of_disk(store: Store, folder: Path, free_bytes: int, machine: str = "") -> None:
    """Raise an alert that the disk is nearly full, once a day (UTC).

    Args:
        machine: the name of the machine, if there are several.
    """
    where = f"{folder} on {machine}" if machine else str(folder)
    message = (
        f"{where} has {free_bytes / 1e9:.1f} GB left, and below that uploads fail: make room, or "
        "lower RETENTION_DAYS."
    )
    key = f"disk:{machine}{':' if machine else ''}{datetime.now(UTC):%Y-%m-%d}"
    store.transaction(lambda connection: raise_alert(connection, "disk", key, message))


@dg.sensor(
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes a `system_health` row into `monitoring_metrics`: queue depth and age, "
    "running, failed and completed in the last hour, p50 and p95 of the processing time in the "
    "last 24 hours, database size, free disk. Raises the alerts for a stuck queue "
    "(PITCHQUEST_STUCK_QUEUE_MINUTES), the daily budget (PITCHQUEST_DAILY_BUDGET_USD), a disk "
    "that is nearly full and events of the webhook that are given up.",
)
def system_health(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Measure once. It is a sensor because a scheduled run would cost a process and event rows."""
    settings = store.settings.in_force()
    opened = store.store()
    make_home(settings.home_path)
    free_bytes = shutil.disk_usage(settings.home_path).free
    if free_bytes < MIN_FREE_BYTES:
        tell_of_disk(opened, settings.home_path, free_bytes)
    give_up_old(opened, is_told=settings.webhook_url is not None)
    health = record_health(
        opened,
        disk_free_bytes=free_bytes,
        stuck_after=timedelta(minutes=settings.stuck_queue_minutes),
        daily_budget_usd=settings.daily_budget_usd,
    )
    return dg.SkipReason(
        f"{health['queue_depth']} waiting, {health['processing']} being analysed, "
        f"{health['completed_last_hour']} completed and {health['failed_last_hour']} failed "
        "within the last hour."
    )

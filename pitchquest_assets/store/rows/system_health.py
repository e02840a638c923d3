"""The health of the system, measured from the tables and stored in one transaction."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from pitchquest_assets.store.rows.alerts import raise_alert
from pitchquest_assets.store.rows.vendor_calls import spent_today
from pitchquest_assets.store.store import Store

# A video that is tried again has waited since then, not since its upload; a video whose file has
# not arrived is not waiting for us.
_MEASURE = text("""
    select
      waiting.*,
      (select count(*) from videos where status = 'processing') as processing,
      (select count(*) from videos
         where status = 'failed' and updated_at > now() - interval '1 hour') as failed_last_hour,
      (select count(*) from analysis_results
         where created_at > now() - interval '1 hour') as completed_last_hour,
      (select percentile_cont(0.5) within group (order by processing_time_seconds)
         from analysis_results
         where created_at > now() - interval '1 day') as p50_processing_seconds,
      (select percentile_cont(0.95) within group (order by processing_time_seconds)
         from analysis_results
         where created_at > now() - interval '1 day') as p95_processing_seconds,
      (select count(*) from pitchquest.files_without_row()) as files_without_row,
      (select sum(pg_database_size(oid))::bigint from pg_database
         where not datistemplate and has_database_privilege(oid, 'connect')) as database_size_bytes
    from (
      select count(*) as queue_depth,
        coalesce(extract(epoch from now() - min(updated_at)), 0)::float8 as oldest_waiting_seconds
      from videos
      where status = 'uploaded'
        and (attempts > 0 or pitchquest.has_arrived(file_path, captions_path))
    ) as waiting
""")
_STUCK_SINCE = text("""
    select metric_value ->> 'stuck_since' from monitoring_metrics
    where metric_type = 'system_health' order by "timestamp" desc, id desc limit 1
""")
_STORE = text("""
    insert into monitoring_metrics (metric_type, metric_value)
    values ('system_health', cast(:value as jsonb))
""")


WITHOUT_ROW = text("select * from pitchquest.files_without_row(:most)")


def files_without_row(store: Store, most: int | None = None) -> list[str]:
    """Return the names of the files in the bucket that get no row, newest first.

    By their suffix they are neither videos nor captions, and no row names them.
    """
    return store.transaction(lambda c: list(c.scalars(WITHOUT_ROW, {"most": most})))


def record_health(
    store: Store, disk_free_bytes: int, stuck_after: timedelta, daily_budget_usd: float | None
) -> dict[str, Any]:
    """Store one `system_health` row, and raise the alerts that it calls for.

    - Stuck queue: once per episode, which lasts from the first row with an upload that waits longer
      than `stuck_after` to the first row without one.
    - Budget: once a day (UTC), if today's costs exceed `daily_budget_usd`.

    Returns:
        The values of the row: counts, seconds, bytes, US dollars.
    """

    def work(connection: Connection) -> dict[str, Any]:
        now = datetime.now(UTC)
        value = dict(connection.execute(_MEASURE).mappings().one())
        value["disk_free_bytes"] = disk_free_bytes
        value["stuck_since"] = _stuck_since(connection, value, stuck_after, now)
        value["spent_today_usd"] = spent = spent_today(connection)
        if daily_budget_usd is not None and spent > daily_budget_usd:
            raise_alert(
                connection,
                "budget",
                f"budget:{now:%Y-%m-%d}",
                f"The calls of {now:%Y-%m-%d} (UTC) have cost ${spent:.2f}, and "
                f"PITCHQUEST_DAILY_BUDGET_USD is ${daily_budget_usd:.2f}: raise it, or choose "
                "local engines.",
            )
        connection.execute(_STORE, {"value": json.dumps(value)})
        return value

    return store.transaction(work)


def _stuck_since(
    connection: Connection, value: dict[str, Any], stuck_after: timedelta, now: datetime
) -> str | None:
    """When the current episode began, or None; raises the alert of a new one."""
    if value["oldest_waiting_seconds"] <= stuck_after.total_seconds():
        return None
    since = connection.scalar(_STUCK_SINCE) or now.isoformat()
    minutes = value["oldest_waiting_seconds"] / 60
    raise_alert(
        connection,
        "stuck_queue",
        f"stuck_queue:{since}",
        f"{value['queue_depth']} videos wait, the oldest for {minutes:.0f} minutes, and "
        f"{value['processing']} are being analysed: look into the run queue and the daemons in "
        "Dagit.",
    )
    return str(since)

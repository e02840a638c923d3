"""Stores what the spool folder holds, once the database answers again."""

import dagster as dg

from pitchquest_assets.automation.jobs import analyze_pitch
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store import spool
from pitchquest_assets.store.io_manager import StoreResource


@dg.sensor(
    job=analyze_pitch,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Stores the results that the database could not take, from the spool folder, each "
    "exactly once, and asks for the report that their runs did not come to.",
)
def spooled_results(
    context: dg.SensorEvaluationContext, store: StoreResource
) -> dg.SensorResult | dg.SkipReason:
    """Look into the spool folder; costs no query where it is empty."""
    settings = load_settings()
    recovered = [spool.recover(store.store(), settings, path) for path in spool.waiting(settings)]
    stored = [one for one in recovered if one and one.stored]
    if not stored:
        return dg.SkipReason("No result waits.")
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=f"report:{one.video_id}:{one.job_id}",
                partition_key=one.video_id,
                asset_selection=[dg.AssetKey("feedback_report")],
            )
            for one in stored
        ]
    )

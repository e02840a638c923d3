"""Stores the spooled results once the database answers again."""

import dagster as dg

from pitchquest_assets.automation.jobs import analyze_pitch
from pitchquest_assets.store import spool
from pitchquest_assets.store.resource import StoreResource


@dg.sensor(
    job=analyze_pitch,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Stores the results in the spool, which the database could not take, each exactly "
    "once, and requests the reports that their runs did not reach.",
)
def spooled_results(
    context: dg.SensorEvaluationContext, store: StoreResource
) -> dg.SensorResult | dg.SkipReason:
    """Look into the spool; makes no query if it is empty."""
    settings = store.settings.in_force()
    if not spool.waiting(settings) and not spool.waiting_objects(store.store()):
        return dg.SkipReason("No result is waiting.")
    recovered, problems = spool.recover_all(store.store(), settings)
    for problem in problems:
        context.log.warning(problem)
    stored = [one for one in recovered if one.stored]
    if not stored:
        return dg.SkipReason("; ".join(problems) or "Newer results are stored already.")
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

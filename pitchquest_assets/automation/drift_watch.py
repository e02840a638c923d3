"""Requests a drift check when there are new results."""

import dagster as dg

from pitchquest_assets.analysis.drift.drift import MAX_RESULTS, MIN_RESULTS
from pitchquest_assets.automation.jobs import watch_drift
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.drift_episodes import window_of

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    job=watch_drift,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=f"Requests one drift check when the last {MAX_RESULTS} results with a score have "
    "changed: one was added, replaced or removed. Requests none with fewer than "
    f"{MIN_RESULTS} results, which are not compared, nor while a check is under way.",
)
def new_results(
    context: dg.SensorEvaluationContext, store: StoreResource
) -> dg.SensorResult | dg.SkipReason:
    """Compare the results with those at the last request, which are in the cursor.

    The run key is made from the results, so a repeated tick requests nothing twice. If the run of
    a check fails, the check after the next new result makes up for it.
    """
    window = window_of(store.store(), MAX_RESULTS)
    if window.results < MIN_RESULTS:
        return dg.SkipReason(f"{window.results} of at least {MIN_RESULTS} results with a score.")
    if window.fingerprint == context.cursor:
        return dg.SkipReason("No new result.")
    under_way = dg.RunsFilter(job_name=watch_drift.name, statuses=UNFINISHED)
    if context.instance.get_runs(under_way, limit=1):
        return dg.SkipReason("A drift check is under way; the new results wait for the next one.")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"drift:{context.cursor}:{window.fingerprint}")],
        cursor=window.fingerprint,
    )

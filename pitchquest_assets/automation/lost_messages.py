"""Re-sends runs that no worker has begun, where several machines share them through a broker.

A broker that was down, or has lost its memory, knows nothing of them, so no worker would ever begin
them.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from pitchquest_assets.automation.lost_workers import Workers

# A free worker begins at once.
BEGUN_WITHIN = timedelta(seconds=30)


def send_again(instance: dg.DagsterInstance, workers: Workers) -> list[str]:
    """Have the launcher send what may be lost, if it can; return a sentence for each run."""
    held = {lease.job_id for lease in workers.leases}
    starting = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.STARTING], updated_before=datetime.now(UTC) - BEGUN_WITHIN
    )
    runs = [run for run in instance.get_runs(starting) if run.run_id not in held]
    send = getattr(instance.run_launcher, "send_again", None) if runs else None
    sent = send(runs) if send else []
    return [f"Run {run.run_id} was sent to the workers again." for run in sent]

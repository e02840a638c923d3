"""Sends runs again that no worker has begun: where several machines share them, by a broker.

A broker that was away, or has lost its memory, knows nothing of them, and no worker ever will.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from pitchquest_assets.automation.lost_workers import Workers

# A worker that is free begins at once.
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

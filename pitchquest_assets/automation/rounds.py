"""In which round of Dagster's own queue an upload is analysed: in each, every user has one run.

The priority of a run says its round and never changes. It is counted from the round that is served
when the run is requested, so that nobody falls behind for what was requested earlier or later.
"""

import re

import dagster as dg

from pitchquest_assets.partitions import ATTEMPT_TAG
from pitchquest_assets.store.rows.videos import VideoRow

PRIORITY_TAG = "dagster/priority"
RUN_KEY_TAG = "dagster/run_key"
OWNER_TAG = "owner"

WAITING = {dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED}
STARTED = {dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED}


def run_key_of(row: VideoRow) -> str:
    """Return the key of the run for this attempt at a video."""
    return f"{row.video_id}:{row.attempts}"


class Rounds:
    """The rounds of the runs that were requested for uploads and have not ended."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        runs = instance.get_runs(dg.RunsFilter(statuses=[*WAITING, *STARTED]))
        # Runs that a person has started have no attempt.
        ours = [run for run in runs if ATTEMPT_TAG in run.tags]
        rounds = {run.run_id: _round_of(run) for run in ours}
        waiting = [rounds[run.run_id] for run in ours if run.status in WAITING]
        # The one that is served now.
        self._now = min(waiting or rounds.values(), default=0)
        self._known = {run.tags.get(RUN_KEY_TAG, ""): rounds[run.run_id] for run in ours}
        self._last: dict[str | None, int] = {}
        for run in ours:
            owner = run.tags.get(OWNER_TAG)
            self._last[owner] = max(rounds[run.run_id], self._last.get(owner, 0))

    def of(self, row: VideoRow) -> int:
        """Return the round for an upload: the one after the last of its user, and not over yet."""
        if (known := self._known.get(run_key_of(row))) is not None:
            return known
        owner = str(row.owner) if row.owner else None
        after_own = self._last[owner] + 1 if owner in self._last else 0
        self._last[owner] = max(self._now, after_own)
        return self._last[owner]


def _round_of(run: dg.DagsterRun) -> int:
    priority = run.tags.get(PRIORITY_TAG, "0")
    return -int(priority) if re.fullmatch(r"-?[0-9]{1,9}", priority) else 0

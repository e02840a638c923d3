"""How far a video is: its place in the queue, or what its run has stored and is working on."""

from collections.abc import Sequence

from sqlalchemy import text

from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store

# In the order in which a run makes them.
ASSETS = (
    "source_video",
    "audio",
    "frames",
    "transcript",
    "visual_analysis",
    "content_analysis",
    "delivery_analysis",
    "aggregated_result",
    "feedback_report",
)

_STORED = text("""
    select run_id, asset_key from asset_values where run_id = any(:run_ids)
    union all
    select job_id, 'aggregated_result' from analysis_results where job_id = any(:run_ids)
""")
_AHEAD = text("select video_id, place from pitchquest.places")


def stored_assets(store: Store, run_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return the assets that each of these runs has stored, by run id."""
    found: dict[str, set[str]] = {run_id: set() for run_id in run_ids}
    rows = store.transaction(
        lambda connection: connection.execute(_STORED, {"run_ids": list(run_ids)}).all()
    )
    for run_id, asset_key in rows:
        found[run_id].add(asset_key)
    return found


def queue_positions(store: Store) -> dict[str, int]:
    """Return the place of each waiting video whose file is there, by id; 1 is the next."""
    rows = store.transaction(lambda connection: connection.execute(_AHEAD).all())
    return {row.video_id: row.place for row in rows}


def progress_of(row: VideoRow, stored: set[str]) -> str:
    """Return `5 of 9: visual_analysis` while that asset is made; `5 of 9` if nothing is."""
    # The intermediate values of finished videos are pruned.
    done = len(ASSETS) if row.status == "completed" else len(stored)
    making = next((name for name in ASSETS if name not in stored), None)
    shown = f"{done} of {len(ASSETS)}"
    return f"{shown}: {making}" if row.status == "processing" and making else shown

"""How far a run has come, by what it has stored."""

from sqlalchemy import text

from pitchquest_assets.store import Store

_COUNTS = text("""
    select partition_key, run_id, count(*) from (
      select partition_key, run_id from asset_values where partition_key <> ''
      union all
      select video_id, job_id from analysis_results
    ) as stored group by 1, 2
""")


def stored_assets(store: Store) -> dict[tuple[str, str | None], int]:
    """The number of stored assets by (video_id, run id)."""
    rows = store.transaction(lambda connection: connection.execute(_COUNTS).all())
    return {(video_id, run_id): count for video_id, run_id, count in rows}

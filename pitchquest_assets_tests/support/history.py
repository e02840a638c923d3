"""What the history of results holds."""

from sqlalchemy import text

from pitchquest_assets.store.store import Store


def count_replaced_results(store: Store, video_id: str) -> int:
    """How many older results of this video the history holds."""
    statement = text("select count(*) from analysis_results_history where video_id = :video_id")
    return store.transaction(lambda c: c.scalar(statement, {"video_id": video_id})) or 0

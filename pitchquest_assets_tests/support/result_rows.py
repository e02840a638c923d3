"""Results as rows of the tables."""

from sqlalchemy import text

from pitchquest_assets.store.store import Store

# The JSON columns of analysis_results.
DOCUMENTS = ("content_analysis", "delivery_analysis", "visual_analysis", "feedback", "metadata")


def count_replaced_results(store: Store, video_id: str) -> int:
    """Return how many older results of this video are in the history."""
    statement = text("select count(*) from analysis_results_history where video_id = :video_id")
    return store.transaction(lambda c: c.scalar(statement, {"video_id": video_id})) or 0

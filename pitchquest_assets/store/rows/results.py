"""The rows of `analysis_results`: writes and reads the newest result of each video."""

from datetime import UTC
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from pitchquest_assets.errors import Superseded, UnknownVideo
from pitchquest_assets.model import PitchResult
from pitchquest_assets.store.rows.asset_values import storable, to_json
from pitchquest_assets.store.store import Store

_DOCUMENTS = (
    "content_analysis",
    "delivery_analysis",
    "visual_analysis",
    "feedback",
    "metadata",
)
_COLUMNS = (
    "video_id",
    "job_id",
    "overall_score",
    *_DOCUMENTS,
    "processing_time_seconds",
    "created_at",
)
_SAVE = text(f"""
    insert into analysis_results ({", ".join(_COLUMNS)})
    values ({
    ", ".join(f"cast(:{name} as jsonb)" if name in _DOCUMENTS else f":{name}" for name in _COLUMNS)
})
    on conflict (video_id) do update set
      {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
""")
# First, as in a deletion: two transactions that lock in different orders would deadlock.
_LOCK_VIDEO = text("select job_id from videos where video_id = :video_id for no key update")
_COMPLETE = text("""
    update videos set status = 'completed', error = null, job_id = :job_id,
      duration_seconds = :duration_seconds
    where video_id = :video_id and (status <> 'processing' or job_id = :job_id)
""")


def save_result(store: Store, result: PitchResult, *, if_held: bool = False) -> None:
    """Store the result and set its video to 'completed', both or neither.

    If another run is processing the video, the status is left to that run. A trigger moves an
    earlier result to the history.

    Args:
        if_held: store only if no other run has taken the video, which happens if this one was
            thought lost.

    Raises:
        UnknownVideo: the video is not registered.
        Superseded: another run has taken it.
    """
    row = _to_row(result)

    def work(connection: Connection) -> None:
        holder = connection.scalar(_LOCK_VIDEO, {"video_id": result.video_id})
        if if_held and holder not in (None, result.job_id):
            raise Superseded(
                f"Another run has taken {result.video_id} from this one: its result counts."
            )
        connection.execute(_SAVE, row)
        done = {
            "video_id": result.video_id,
            "job_id": result.job_id,
            "duration_seconds": result.metadata.video_duration_seconds,
        }
        connection.execute(_COMPLETE, done)

    try:
        with storable(f"The result of {result.video_id}"):
            store.transaction(work)
    except IntegrityError as error:
        if "analysis_results_video_id_fkey" not in str(error.orig):
            raise
        raise UnknownVideo(
            f"No video {result.video_id!r} is registered: `pitchquest submit` it first."
        ) from error


def get_result(store: Store, video_id: str) -> PitchResult | None:
    """Return the newest result, equal to the one that was stored; None if there is none.

    The keys of its dicts may be in another order, because jsonb does not keep it.
    """
    statement = text(
        f"select {', '.join(_COLUMNS)} from analysis_results where video_id = :video_id"
    )
    row = store.transaction(
        lambda c: c.execute(statement, {"video_id": video_id}).mappings().one_or_none()
    )
    return None if row is None else _from_row(dict(row))


def _to_row(result: PitchResult) -> dict[str, Any]:
    found = result.results
    documents = {
        "content_analysis": found.content_analysis,
        "delivery_analysis": found.delivery_analysis,
        "visual_analysis": found.visual_analysis,
        "feedback": result.feedback,
        "metadata": result.metadata,
    }
    return {
        "video_id": result.video_id,
        "job_id": result.job_id,
        "created_at": result.timestamp,
        "processing_time_seconds": result.processing_time_seconds,
        "overall_score": found.overall_score,
        **{k: to_json(f"{k} of {result.video_id}", v) for k, v in documents.items()},
    }


def _from_row(row: dict[str, Any]) -> PitchResult:
    names = ("overall_score", "content_analysis", "delivery_analysis", "visual_analysis")
    results = {name: row.pop(name) for name in names}
    timestamp = row.pop("created_at").astimezone(UTC)
    return PitchResult.model_validate({**row, "timestamp": timestamp, "results": results})

"""The rows of `videos` as a queue: what waits, who takes it, what is put back."""

from typing import Literal

from sqlalchemy import text

from pitchquest_assets.errors import Superseded
from pitchquest_assets.store.rows.videos import NO_ALERT, VideoRow, get, select, update
from pitchquest_assets.store.store import Store

# A row may be written before its file is uploaded; a row that is tried again had its file.
_HAS_ARRIVED = "(attempts > 0 or pitchquest.has_arrived(file_path, captions_path))"
_STILL_THERE = """
    where video_id = :video_id and attempts = :attempt and status in ('processing', 'uploaded')
      and job_id is not distinct from :job_id
"""


def waiting(store: Store, limit: int) -> list[VideoRow]:
    """Return the next `limit` uploads whose file has arrived: the users take turns."""
    # With `offset 0`, the costly condition is tried in that order, until there are enough rows.
    queue = """
        join (select video_id, place from pitchquest.queue order by place offset 0) as next
          using (video_id)
    """
    rows = select(
        store,
        f"{queue} where {_HAS_ARRIVED} order by place limit :limit",
        limit=limit,
    )
    return [row for row in rows if row.status == "uploaded"]


def limit_waiting(store: Store, most: int) -> None:
    """Have the database refuse uploads of a user who already has `most` waiting."""
    statement = text("""
        update pitchquest.limits set max_waiting_per_user = :most
        where max_waiting_per_user <> :most
    """)
    store.transaction(lambda connection: connection.execute(statement, {"most": most}))


def reconcile_uploads(store: Store) -> int:
    """Register files in the bucket `videos` that were not noticed, the oldest first.

    A row whose file has not arrived within a day is set to 'failed'.

    Returns:
        How many were registered.
    """
    statement = text("select pitchquest.reconcile_uploads()")
    return store.transaction(lambda connection: int(connection.scalar(statement) or 0))


def check_files(store: Store) -> int:
    """Compare the uploads that wait with the bucket: a file that was there and is gone fails them.

    Returns:
        How many were set to 'failed'.
    """
    statement = text("select pitchquest.check_files()")
    return store.transaction(lambda connection: int(connection.scalar(statement) or 0))


def in_processing(store: Store) -> list[VideoRow]:
    """Return the videos that a run has taken."""
    rows = select(store, "where status = 'processing' order by id")
    return [row for row in rows if row.status == "processing"]


def claim(store: Store, video_id: str, job_id: str, attempt: int | None) -> VideoRow:
    """Take the video for a run: status 'processing' with its job id, error cleared.

    Args:
        attempt: the attempt that the run was started for; None takes the video in any state.

    Raises:
        UnknownVideo: no such video is registered.
        Superseded: another run has taken this attempt, or there is a newer one.
    """
    changes = "status = 'processing', job_id = :job_id, error = null"
    if attempt is None:
        return update(store, video_id, changes, job_id=job_id)
    condition = "attempts = :attempt and (status = 'uploaded' or job_id = :job_id)"
    rows = select(
        store,
        f"where video_id = :video_id and {condition}",
        f"update videos set {changes}",
        video_id=video_id,
        job_id=job_id,
        attempt=attempt,
    )
    if not rows:
        row = get(store, video_id)
        raise Superseded(
            f"This run is for attempt {attempt} of {video_id}, which is {row.status!r} at attempt "
            f"{row.attempts}: there is nothing to do."
        )
    return rows[0]


def give_back(
    store: Store,
    video_id: str,
    job_id: str | None,
    attempt: int,
    *,
    because: Literal["worker lost", "shut down"],
) -> bool:
    """Put a video back to 'uploaded' after its run failed, unless another run has it by now.

    Args:
        job_id: the run that had it; None if the video waits for a run that never came.
        attempt: the attempt that was tried, so that it is given back only once.
        because: a lost worker counts towards PITCHQUEST_MAX_ATTEMPTS.

    Returns:
        Whether the row was changed.
    """
    lost = 1 if because == "worker lost" else 0
    rows = select(
        store,
        _STILL_THERE,
        "update videos set status = 'uploaded', job_id = null, error = null,"
        f" workers_lost = workers_lost + {lost}",
        video_id=video_id,
        job_id=job_id,
        attempt=attempt,
    )
    return bool(rows)


def give_up(
    store: Store,
    video_id: str,
    job_id: str | None,
    attempt: int,
    error: str,
    *,
    cancelled: bool = False,
) -> bool:
    """Set a video to 'failed' after its run failed, under the same conditions as `give_back`.

    Args:
        cancelled: by a person, who needs no alert.

    Returns:
        Whether the row was changed.
    """
    rows = select(
        store,
        _STILL_THERE + (NO_ALERT if cancelled else ""),
        "update videos set status = 'failed', error = :error",
        video_id=video_id,
        job_id=job_id,
        attempt=attempt,
        error=error,
    )
    return bool(rows)

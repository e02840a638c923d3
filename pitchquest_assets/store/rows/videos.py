"""The rows of `videos`: the uploads, and their status."""

import re
from datetime import datetime
from pathlib import PurePath
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pitchquest_assets.errors import InvalidVideoId, UnknownVideo
from pitchquest_assets.model import Value
from pitchquest_assets.store.postgres.database import violated
from pitchquest_assets.store.store import Store

Status = Literal["uploaded", "processing", "completed", "failed"]
BYTES_PER_MB = 1_000_000
_VIDEO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class VideoRow(Value):
    """One uploaded video, as a backend sees it."""

    video_id: str
    filename: str
    file_path: str
    captions_path: str | None
    file_size_mb: float | None
    duration_seconds: float | None
    status: Status
    job_id: str | None
    error: str | None
    attempts: int
    workers_lost: int
    owner: UUID | None
    options: dict[str, Any]
    sha256: str | None
    uploaded_at: datetime
    created_at: datetime
    updated_at: datetime


_COLUMNS = ", ".join(VideoRow.model_fields)
# What replaces a value that cannot be read, in case a constraint of the table is missing.
_INSTEAD: dict[str, Any] = {
    "file_size_mb": None,
    "duration_seconds": None,
    "options": {},
    "status": "failed",
}
_BY_ID = "where video_id = :video_id"
# A condition that always holds; the trigger that raises alerts reads this setting.
NO_ALERT = " and set_config('pitchquest.cancelled', 'on', true) = 'on'"


def check_video_id(video_id: str) -> str:
    """Return the id if it is safe as a part of a path.

    Raises:
        InvalidVideoId: it does not match the pattern.
    """
    if not _VIDEO_ID.fullmatch(video_id):
        raise InvalidVideoId(
            f"{_shorten(video_id)} is not a video id: use 1 to 128 letters, digits, dots, dashes "
            "or underscores, beginning with a letter or digit."
        )
    return video_id


def register(
    store: Store,
    video_id: str,
    file_path: str,
    *,
    filename: str | None = None,
    captions_path: str | None = None,
    size_bytes: int | None = None,
    sha256: str | None = None,
    owner: UUID | None = None,
) -> VideoRow:
    """Register an upload, or the same video again: status 'uploaded', error and job cleared.

    Registering it again adds one to `attempts`.

    Raises:
        InvalidVideoId: the id does not match the pattern, belongs to another owner's upload, or to
            one that is being erased.
    """
    check_video_id(video_id)
    values = {
        "video_id": video_id,
        "filename": filename or PurePath(file_path).name,
        "file_path": file_path,
        "captions_path": captions_path,
        "file_size_mb": None if size_bytes is None else size_bytes / BYTES_PER_MB,
        "sha256": sha256,
        "owner": owner,
    }
    statement = f"""
        insert into videos as v
          (video_id, filename, file_path, captions_path, file_size_mb, sha256, owner)
        values (:video_id, :filename, :file_path, :captions_path, :file_size_mb, :sha256, :owner)
        on conflict (video_id) do update set
          filename = excluded.filename, file_path = excluded.file_path,
          captions_path = excluded.captions_path, file_size_mb = excluded.file_size_mb,
          sha256 = excluded.sha256, owner = coalesce(excluded.owner, v.owner),
          status = 'uploaded', job_id = null, error = null, duration_seconds = null,
          workers_lost = 0, uploaded_at = now()
        where v.owner is null or v.owner = excluded.owner
        returning {_COLUMNS}
    """
    try:
        rows = _rows(store, statement, **values)
    except IntegrityError as error:
        if violated(error) != "videos_not_being_erased":
            raise
        raise InvalidVideoId(f"{video_id} is being erased: try again in a minute.") from error
    if not rows:
        raise taken(video_id)
    return rows[0]


def taken(video_id: str) -> InvalidVideoId:
    """Return the error for an id of another owner, who could otherwise read the result."""
    return InvalidVideoId(f"{video_id} is the upload of another user: choose another id.")


def register_refused(
    store: Store, video_id: str, file_path: str, error: str, *, filename: str, size_bytes: int
) -> None:
    """Register an upload that Storage refused: status 'failed' at once, so that no run starts.

    An existing row keeps the path of its older file, and its status if that file is being analysed
    or was analysed.
    """
    statement = text("""
        insert into videos as v (video_id, filename, file_path, file_size_mb, status, error)
        values (:video_id, :filename, :file_path, :file_size_mb, 'failed', :error)
        on conflict (video_id) do update set
          status = 'failed', error = excluded.error, file_size_mb = excluded.file_size_mb
        where v.owner is null and v.status not in ('processing', 'completed')
    """)
    values = {
        "video_id": check_video_id(video_id),
        "filename": filename,
        "file_path": file_path,
        "file_size_mb": size_bytes / BYTES_PER_MB,
        "error": error,
    }
    store.transaction(lambda connection: connection.execute(statement, values))


def mark_failed(
    store: Store,
    video_id: str,
    error: str,
    job_id: str | None = None,
    *,
    even_completed: bool = False,
    cancelled: bool = False,
) -> bool:
    """Set the status to 'failed', with the sentence that says why.

    A completed video stays completed unless `even_completed` is set. With `job_id`, nothing changes
    unless that run has the video: a newer run may have taken it.

    Args:
        cancelled: by a person, who needs no alert.

    Returns:
        Whether the row was changed.
    """
    statement = text(f"""
        update videos set status = 'failed', error = :error
        where video_id = :video_id and (:even_completed or status <> 'completed')
          and (cast(:job_id as text) is null or job_id = :job_id)
          {NO_ALERT if cancelled else ""}
    """)
    values = {
        "video_id": video_id,
        "error": error,
        "job_id": job_id,
        "even_completed": even_completed,
    }
    return store.transaction(lambda connection: connection.execute(statement, values).rowcount) == 1


def retry(store: Store, video_id: str) -> VideoRow:
    """Put a video back to 'uploaded' for another attempt; error and job cleared.

    Raises:
        UnknownVideo: no such video is registered.
    """
    changes = "status = 'uploaded', job_id = null, error = null, workers_lost = 0"
    return update(store, video_id, changes)


def get(store: Store, video_id: str) -> VideoRow:
    """Return one row.

    Raises:
        UnknownVideo: no such video is registered.
    """
    return _only(select(store, _BY_ID, video_id=video_id), video_id)


def find(store: Store, video_id: str) -> VideoRow | None:
    """Return one row; None if no such video is registered."""
    return next(iter(select(store, _BY_ID, video_id=video_id)), None)


def newest_videos(store: Store, limit: int) -> list[VideoRow]:
    """Return the rows uploaded last, `limit` at most, oldest upload first."""
    return select(store, "order by uploaded_at desc, id desc limit :limit", limit=limit)[::-1]


def has_more_than(store: Store, count: int) -> bool:
    """Return whether there are more rows than this."""
    statement = text("select exists (select from videos offset :count)")
    return bool(store.transaction(lambda c: c.scalar(statement, {"count": count})))


def by_prefix(store: Store, given: str) -> VideoRow:
    """Return the row with this id, or else the only one whose id begins with it.

    Raises:
        UnknownVideo: no such video is registered.
        InvalidVideoId: several ids begin with it.
    """
    found = select(store, "where starts_with(video_id, :given) order by video_id", given=given)
    exact = [row for row in found if row.video_id == given]
    if len(found) > 1 and not exact:
        names = ", ".join(row.video_id for row in found[:3])
        raise InvalidVideoId(f"{len(found)} videos begin with {given} ({names} …): type more.")
    return _only(exact or found, given)


def list_videos(store: Store, status: Status | None = None) -> list[VideoRow]:
    """Return all rows, or those with a status, oldest upload first."""
    condition = "" if status is None else "where status = :status"
    return select(
        store,
        f"{condition} order by uploaded_at, id",
        **({} if status is None else {"status": status}),
    )


def update(store: Store, video_id: str, changes: str, **values: object) -> VideoRow:
    """Change one row, and return the changed row.

    Raises:
        UnknownVideo: no such video is registered.
    """
    values |= {"video_id": video_id}
    rows = select(store, _BY_ID, f"update videos set {changes}", **values)
    return _only(rows, video_id)


def select(
    store: Store, condition: str, change: str | None = None, **values: object
) -> list[VideoRow]:
    """Return the rows matching `condition`, after `change` ("update videos set …") if given."""
    statement = (
        f"{change} {condition} returning {_COLUMNS}"
        if change
        else f"select {_COLUMNS} from videos {condition}"
    )
    return _rows(store, statement, **values)


def _rows(store: Store, statement: str, **values: object) -> list[VideoRow]:
    rows = store.transaction(lambda c: c.execute(text(statement), values).mappings().all())
    return [_read(store, dict(row)) for row in rows]


def _read(store: Store, row: dict[str, Any]) -> VideoRow:
    """The row; one that cannot be read is set to 'failed', and does not hold up the others."""
    try:
        return VideoRow(**row)
    except ValidationError as error:
        columns = sorted({str(problem["loc"][0]) for problem in error.errors()})
        sentence = f"This row cannot be read ({', '.join(columns)}): register the video again."
        instead = {column: _INSTEAD[column] for column in columns} | {"error": sentence}
        if row["status"] in ("uploaded", "processing"):
            mark_failed(store, row["video_id"], sentence)
            instead["status"] = "failed"
        return VideoRow(**(row | instead))


def _only(rows: list[VideoRow], video_id: str) -> VideoRow:
    if not rows:
        raise UnknownVideo(
            f"No video {_shorten(video_id)} is registered: `pitchquest status` lists all."
        )
    return rows[0]


def _shorten(video_id: str) -> str:
    return repr(video_id if len(video_id) <= 60 else video_id[:60] + "…")

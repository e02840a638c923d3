"""Uploaded videos in Supabase Storage: the private bucket `videos`.

A row names such a file as `videos/<path>`. Users upload into their own folder, `videos/<owner>/…`.
The pipeline uploads to `videos/pitchquest/<video id>/…` and registers those files itself; the
trigger on storage.objects ignores them.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal
from uuid import UUID

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.store.supabase.download import download_file
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import VIDEOS, SupabaseStorage
from pitchquest_assets.store.supabase.unfinished import UnfinishedUpload
from pitchquest_assets.store.supabase.upload import CHUNK_BYTES, upload_resumably

OWN_FOLDER = "pitchquest"
_PREFIX = f"{VIDEOS}/"
# Our own table by suffix, because the module mimetypes differs from machine to machine.
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    # Other captions are text, too, and buckets allow no more types than they must.
    **dict.fromkeys((".txt", ".sbv", ".ttml", ".dfxp", ".ass", ".ssa"), "text/plain"),
}


def own_path(video_id: str, file: Path, kind: Literal["video", "captions"] = "video") -> str:
    """Return the path to which the pipeline uploads a file; ASCII, as Storage requires."""
    suffix = file.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", file.suffix) else ""
    # The names differ even without a suffix.
    name = video_id if kind == "video" else f"{video_id}-captions"
    return f"{OWN_FOLDER}/{video_id}/{name}{suffix}"


def is_in_bucket(file_path: str) -> bool:
    """Whether a row's path names a file in the bucket; the others are paths on this machine."""
    return file_path.startswith(_PREFIX)


def path_in_bucket(file_path: str, owner: UUID | None) -> str:
    """Return the path below `videos/` if it is in the owner's folder; any folder if owner is None.

    Raises:
        InvalidVideo: it leads elsewhere.
    """
    path = file_path.removeprefix(_PREFIX)
    names = path.split("/")
    is_theirs = owner is None or names[0] in (str(owner), OWN_FOLDER)
    # The client decodes "%2e%2e", and Storage allows no percent sign in names.
    leads_elsewhere = "%" in path or {"", ".", ".."} & set(names)
    if not is_in_bucket(file_path) or not is_theirs or leads_elsewhere:
        folder = f"{_PREFIX}{owner}/" if owner else _PREFIX
        raise InvalidVideo(f"{file_path!r} is not a path below {folder}: upload the file again.")
    return path


class VideoBucket:
    """The files of uploads; every method raises like `SupabaseStorage.call`.

    Args:
        records: folder in which unfinished uploads are remembered; None to remember none.
    """

    def __init__(self, storage: SupabaseStorage, records: Path | None = None) -> None:
        self.storage, self.records = storage, records

    def upload(self, file: Path, path: str) -> None:
        """Upload a file to `videos/<path>`, replacing any file there.

        Resumes after an interruption, and goes on with what an earlier process began.
        """
        media_type = MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
        if file.stat().st_size > CHUNK_BYTES:
            unfinished = self._unfinished(file, path)
            upload_resumably(self.storage, file, VIDEOS, path, media_type, unfinished)
            return
        self.storage.in_bucket(
            VIDEOS,
            path,
            lambda bucket: bucket.upload(
                path, file.read_bytes(), {"content-type": media_type, "x-upsert": "true"}
            ),
        )

    def arrived_bytes(self, file: Path, path: str) -> int:
        """Return how much of a file has arrived through an upload that broke off."""
        unfinished = self._unfinished(file, path)
        kept = unfinished and unfinished.read()
        return kept.arrived_bytes if kept else 0

    def _unfinished(self, file: Path, path: str) -> UnfinishedUpload | None:
        if self.records is None:
            return None
        return UnfinishedUpload(self.records, file, f"{self.storage.url} {VIDEOS}/{path}")

    def download(self, path: str, target: Path, max_size_mb: float) -> str:
        """Stream `videos/<path>` into a file, whole or not at all; return its SHA-256.

        Resumes after an interruption.

        Raises:
            FileNotFoundError: there is no such file in the bucket.
            InvalidVideo: it is larger than `max_size_mb`.
        """
        return download_file(self.storage, VIDEOS, path, target, max_size_mb)

    def remove(self, path: str) -> None:
        """Remove a file, if it exists."""
        self.storage.in_bucket(VIDEOS, path, lambda bucket: bucket.remove([path]))

    def own_written_before(self, moment: datetime) -> Iterator[str]:
        """Yield what the pipeline uploaded before `moment`, as rows name it."""
        for path in SupabaseObjects(self.storage, VIDEOS).written_before(moment):
            if path.startswith(f"{OWN_FOLDER}/"):
                yield f"{_PREFIX}{path}"

    def remove_own(self, file_paths: Iterable[str]) -> None:
        """Remove those of these files, as rows name them, that the pipeline uploaded."""
        for file_path in file_paths:
            if file_path.startswith(f"{_PREFIX}{OWN_FOLDER}/"):
                self.remove(path_in_bucket(file_path, None))

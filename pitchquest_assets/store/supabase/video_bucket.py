"""Uploaded videos in Supabase Storage: the private bucket `videos`.

A row names such a file as `videos/<path>`. What users upload lies in their own folder,
`videos/<owner>/…`; what the pipeline puts there, `videos/pitchquest/<video id>/…`, gets its row
from the pipeline, not from the trigger on storage.objects.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal
from uuid import UUID

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.store.supabase.download import Download
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import VIDEOS, SupabaseStorage
from pitchquest_assets.store.supabase.upload import CHUNK_BYTES, upload_resumably

OWN_FOLDER = "pitchquest"
_PREFIX = f"{VIDEOS}/"
# By the suffix of what we take; a table of our own, as mimetypes knows what the machine knows.
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".txt": "text/plain",
}


def own_path(video_id: str, file: Path, kind: Literal["video", "captions"] = "video") -> str:
    """Where the pipeline puts a file of a video: ASCII, as Storage wants it."""
    suffix = file.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", file.suffix) else ""
    # Also without a suffix a name of its own: no video's name goes on with a dash.
    name = video_id if kind == "video" else f"{video_id}-captions"
    return f"{OWN_FOLDER}/{video_id}/{name}{suffix}"


def is_in_bucket(file_path: str) -> bool:
    """Whether a row's path names a file in the bucket; the others are paths on this machine."""
    return file_path.startswith(_PREFIX)


def path_in_bucket(file_path: str, owner: UUID | None) -> str:
    """The path below `videos/`, once it is sure to be the owner's own file.

    Raises:
        InvalidVideo: it leads elsewhere.
    """
    path = file_path.removeprefix(_PREFIX)
    names = path.split("/")
    is_theirs = owner is None or names[0] in (str(owner), OWN_FOLDER)
    # The client decodes "%2e%2e"; Storage has no name with a percent sign.
    leads_elsewhere = "%" in path or {"", ".", ".."} & set(names)
    if not is_in_bucket(file_path) or not is_theirs or leads_elsewhere:
        folder = f"{_PREFIX}{owner}/" if owner else _PREFIX
        raise InvalidVideo(f"{file_path!r} is no path below {folder}: upload the file again.")
    return path


class VideoBucket:
    """The files of uploads; every method raises like `SupabaseStorage.call`."""

    def __init__(self, storage: SupabaseStorage) -> None:
        self.storage = storage

    def upload(self, file: Path, path: str) -> None:
        """Put a file under `videos/<path>`, replacing what is there; resumed after a break."""
        media_type = MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
        if file.stat().st_size > CHUNK_BYTES:
            upload_resumably(self.storage, file, VIDEOS, path, media_type)
            return
        self.storage.in_bucket(
            VIDEOS,
            path,
            lambda bucket: bucket.upload(
                path, file.read_bytes(), {"content-type": media_type, "x-upsert": "true"}
            ),
        )

    def download(self, path: str, target: Path, max_size_mb: float) -> str:
        """Stream `videos/<path>` into a file, whole or not at all; its SHA-256.

        Goes on where it was after a break, with a new signed URL where the old one has expired.

        Raises:
            InvalidVideo: it is larger than `max_size_mb`.
        """
        return Download(self.storage, VIDEOS, path, target, max_size_mb).run()

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens where there is none."""
        self.storage.in_bucket(VIDEOS, path, lambda bucket: bucket.remove([path]))

    def own_written_before(self, moment: datetime) -> Iterator[str]:
        """What the pipeline put here before `moment`, as rows name it."""
        for path in SupabaseObjects(self.storage, VIDEOS).written_before(moment):
            if path.startswith(f"{OWN_FOLDER}/"):
                yield f"{_PREFIX}{path}"

    def remove_own(self, file_paths: Iterable[str]) -> None:
        """Of these files, as rows name them, remove those that the pipeline put here."""
        for file_path in file_paths:
            if file_path.startswith(f"{_PREFIX}{OWN_FOLDER}/"):
                self.remove(path_in_bucket(file_path, None))

"""Registers a file on this machine as an upload: a waiting row and, on Supabase, a file in it."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from pitchquest_assets.errors import InvalidInput, InvalidVideo, StoreUnavailable
from pitchquest_assets.media.caption_files import beside
from pitchquest_assets.media.untrusted import beyond
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.rows.videos import BYTES_PER_MB, VideoRow, check_video_id
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.storage import VIDEOS
from pitchquest_assets.store.supabase.video_bucket import MEDIA_TYPES, VideoBucket, own_path

VIDEO_SUFFIXES = {suffix for suffix, kind in MEDIA_TYPES.items() if kind.startswith("video/")}
# What the database refuses in paths (control characters, and those that turn or hide text), and
# what is not text at all.
UNSTORABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def videos_in(paths: Sequence[Path]) -> list[Path]:
    """Return the named files, and for each named folder the videos in it, sorted by name.

    Raises:
        InvalidInput: a folder holds no video.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [one for one in sorted(path.iterdir()) if is_video(one)]
        if not inside:
            endings = ", ".join(sorted(VIDEO_SUFFIXES))
            raise InvalidInput(f"{path} is a folder without a video ({endings}): name a file.")
        found += inside
    return found


def is_video(path: Path) -> bool:
    """Whether a file in a folder is one to analyse, by its name."""
    is_named = path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")
    return is_named and path.is_file()


def video_id_of(path: Path) -> str:
    """Return the id for a file without one: its name, and eight digits that stand for its path."""
    place = hashlib.sha256(str(path.resolve()).encode(errors="surrogateescape")).hexdigest()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:100]
    return f"{name or 'video'}-{place[:8]}"


def file_path_of(store: Store, path: Path, video_id: str) -> str:
    """Return what a file's row will have as its path: a local one, or one in Storage."""
    return _stored(path, video_id) if store.has_video_bucket else str(path.absolute())


def register(
    store: Store, settings: Settings, path: Path, video_id: str, captions: Path | None = None
) -> VideoRow:
    """Register a file, readable or not, as an upload; on Supabase, put it into the bucket first.

    Raises:
        InvalidVideoId: the id does not match the pattern, or belongs to a user's upload.
        InvalidVideo: the file's name is not text, so it cannot be stored in a row.
        InvalidInput: Storage refuses the file; the row says so.
        StoreUnavailable: Storage does not answer; the row says how much of the file is missing.
    """
    check_video_id(video_id)
    known = videos.find(store, video_id)
    if known and known.owner:
        raise videos.taken(video_id)
    if bad := UNSTORABLE.search(f"{path}{captions or ''}"):
        raise InvalidVideo(
            f"The name {str(path)!a} holds U+{ord(bad[0]):04X}, which cannot be shown: rename "
            "the file."
        )
    if store.video_bucket is None or not path.is_file():
        return _enter(store, path, video_id, path.absolute(), captions and captions.absolute())
    captions = captions or beside(path)
    # If the captions are missing, the run will say so, as it does for local files.
    captions_path: Path | str | None = captions and captions.absolute()
    try:
        limit_mb = settings.max_size_mb
        file_path = _upload(store.video_bucket, path, own_path(video_id, path), limit_mb)
        if captions and captions.is_file():
            where = own_path(video_id, captions, "captions")
            captions_path = _upload(store.video_bucket, captions, where, limit_mb)
    except InvalidInput as error:
        _enter_refused(store, path, video_id, str(error))
        raise
    except (StoreUnavailable, KeyboardInterrupt) as error:
        sentence = _what_is_missing(store.video_bucket, path, own_path(video_id, path))
        _enter_refused(store, path, video_id, sentence)
        if isinstance(error, StoreUnavailable):
            raise StoreUnavailable(f"{error} {sentence}") from error
        raise
    return _enter(store, path, video_id, file_path, captions_path)


def _enter(
    store: Store, path: Path, video_id: str, where: Path | str, captions: Path | str | None
) -> VideoRow:
    return videos.register(
        store,
        video_id,
        str(where),
        filename=path.name,
        captions_path=str(captions) if captions else None,
        size_bytes=path.stat().st_size if path.is_file() else None,
    )


def _enter_refused(store: Store, path: Path, video_id: str, sentence: str) -> None:
    videos.register_refused(
        store,
        video_id,
        _stored(path, video_id),
        sentence,
        filename=path.name,
        size_bytes=path.stat().st_size,
    )


def _what_is_missing(bucket: VideoBucket, path: Path, where: str) -> str:
    arrived, size = bucket.arrived_bytes(path, where), path.stat().st_size
    return (
        f"The upload of {path.name} broke off after {arrived / BYTES_PER_MB:.1f} of "
        f"{size / BYTES_PER_MB:.1f} MB: submit it again, and it goes on from there."
    )


def _upload(bucket: VideoBucket, file: Path, where: str, limit_mb: float) -> str:
    """The path for the row; raises InvalidInput if the file is too large, unreadable or refused."""
    if file.stat().st_size > limit_mb * BYTES_PER_MB:
        raise beyond(file.name, "is larger", f"{limit_mb:g} MB", "MAX_SIZE_MB")
    try:
        bucket.upload(file, where)
    except OSError as error:
        raise InvalidVideo(
            f"{file.name} cannot be read ({error.strerror or error}): check its permissions."
        ) from error
    return f"{VIDEOS}/{where}"


def _stored(file: Path, video_id: str) -> str:
    return f"{VIDEOS}/{own_path(video_id, file)}"

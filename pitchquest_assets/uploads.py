"""How a file on this machine becomes an upload: a row that waits."""

import hashlib
import re
from pathlib import Path

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.store import Store, videos
from pitchquest_assets.store.videos import VideoRow


def video_id_of(path: Path) -> str:
    """The id of a file that was given without one: its name, and eight digits for its place."""
    place = hashlib.sha256(str(path.resolve()).encode(errors="surrogateescape")).hexdigest()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:100]
    return f"{name or 'video'}-{place[:8]}"


def register(store: Store, path: Path, video_id: str, captions: Path | None = None) -> VideoRow:
    """Enter a file, readable or not, as an upload.

    Raises:
        InvalidVideoId: the id does not fit the pattern.
        InvalidVideo: the file's name is not text, so that no row can hold it.
    """
    if not str(path).isprintable():
        raise InvalidVideo(f"The name {str(path)!r} is not printable text; rename the file.")
    size = path.stat().st_size if path.is_file() else None
    return videos.register(
        store,
        video_id,
        str(path.absolute()),
        captions_path=str(captions.absolute()) if captions else None,
        size_bytes=size,
    )

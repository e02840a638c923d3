"""Writes a model file under its final name only after its size and checksum were verified."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from pitchquest_assets.engines.weights.pinned import ModelFile

CHUNK_BYTES = 1 << 18
PARTIAL_SUFFIX = ".part"
# Troubles with a source itself, which it would have with the next model too.
NO_ANSWER = "it does not answer"
STALLED = "no answer in time"
BROKEN_OFF = "connection failed"
UNREACHABLE = frozenset({NO_ANSWER, STALLED, BROKEN_OFF})

# Called with the bytes received so far, and all bytes to come.
Progress = Callable[[int, int], None]


class NotFetched(Exception):
    """A source did not give the pinned files; the message is the cause, for use in a sentence."""


def write_checked(
    chunks: Iterable[bytes],
    file: ModelFile,
    target: Path,
    received: Callable[[int], None] = lambda size: None,
) -> None:
    """Write one file into the folder `target`; anything but the pinned file leaves nothing there.

    Args:
        received: called with the number of bytes of this file that have been written so far.

    Raises:
        NotFetched: size or checksum differ from the pinned ones.
    """
    digest = hashlib.sha256()
    size = 0
    handle, temporary = tempfile.mkstemp(PARTIAL_SUFFIX, f".{file.name}.", target)
    try:
        with os.fdopen(handle, "wb") as part:
            for chunk in chunks:
                size += len(chunk)
                # It is not the pinned file, so do not fill the disk with it.
                if size > file.size_bytes:
                    break
                part.write(chunk)
                digest.update(chunk)
                received(size)
        if digest.hexdigest() != file.sha256 or size != file.size_bytes:
            raise NotFetched(
                f"its {file.name} is not the pinned file, because size or sha256 differ"
            )
        # mkstemp makes it private, but everyone who may enter the folder may use the model.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target / file.name)
    finally:
        Path(temporary).unlink(missing_ok=True)


def is_pinned(path: Path, file: ModelFile) -> bool:
    """Whether the path holds exactly the pinned file; reads all of it, again only if it changed."""
    if not has_size(path, file):
        return False
    found = path.stat()
    # Nobody can turn back the time at which a file's entry last changed (ctime).
    state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return _sha256(path, state) == file.sha256


@lru_cache(maxsize=64)
def _sha256(path: Path, state: tuple[int, ...]) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def has_size(path: Path, file: ModelFile) -> bool:
    """Whether the path is a file of the pinned size."""
    return path.is_file() and path.stat().st_size == file.size_bytes

"""Where the bytes of values live, apart from their rows: a folder, or Supabase Storage."""

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Protocol

from pitchquest_assets.errors import StoreCorrupt, StoreUnavailable

# Storage keys must be ASCII; a name that starts with a dot is a temporary file of ours.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=-]*")


class ObjectStore(Protocol):
    """Bytes under a relative path of ASCII names; a reader sees a whole object or none."""

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Store `data`, replacing what is there."""

    def get(self, path: str) -> bytes:
        """The bytes; FileNotFoundError where there is no such object."""

    def delete(self, path: str) -> None:
        """Remove it; nothing happens where there is no such object."""

    def exists(self, path: str) -> bool:
        """Whether there is such an object."""


class FolderObjects:
    """Objects as files under `root`, written to a temporary name, synced, then renamed.

    Raises:
        StoreCorrupt: a path would lead out of the folder.
        StoreUnavailable: the disk is full or the folder cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Store `data`; the media type is told by the suffix of the path."""
        target = self._file(path)
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            _sync_folder(target.parent)
        except OSError as error:
            raise StoreUnavailable(
                f"{target} cannot be written ({error.strerror or error}): make room or check the "
                "rights of that folder."
            ) from error

    def get(self, path: str) -> bytes:
        """The bytes; FileNotFoundError where there is no such object."""
        return self._file(path).read_bytes()

    def delete(self, path: str) -> None:
        """Remove it; nothing happens where there is no such object."""
        self._file(path).unlink(missing_ok=True)

    def exists(self, path: str) -> bool:
        """Whether there is such an object."""
        return self._file(path).is_file()

    def _file(self, path: str) -> Path:
        names = path.split("/")
        if not all(_NAME.fullmatch(name) for name in names):
            raise StoreCorrupt(f"{path!r} is not a path inside the object store.")
        return self.root.joinpath(*names)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut; not every file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""The bytes of values, stored apart from their rows: in a folder, or in Supabase Storage."""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pitchquest_assets.errors import StoreCorrupt, StoreUnavailable

# Storage keys must be ASCII; names that start with a dot are our temporary files.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=-]*")


class ObjectStore(Protocol):
    """Bytes under relative paths with ASCII names; a reader sees a whole object or none."""

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Store `data` under the path, replacing any object there."""

    def get(self, path: str) -> bytes:
        """Return the bytes; FileNotFoundError if there is no such object."""

    def delete(self, path: str) -> None:
        """Remove the object, if there is one."""

    def exists(self, path: str) -> bool:
        """Whether there is such an object."""

    def written_before(self, moment: datetime) -> Iterator[str]:
        """Yield the paths of the objects last written before `moment`."""

    def names(self, folder: str) -> list[str]:
        """Return the paths of the objects in a folder, without its subfolders, sorted by name."""

    def delete_folder(self, folder: str) -> None:
        """Remove everything below a path, half-written objects too."""

    def tidy(self, moment: datetime) -> None:
        """Remove what interrupted writes and deletions left behind before `moment`."""


class FolderObjects:
    """Objects as files under `root`, written to a temporary name, synced, then renamed.

    Raises:
        StoreCorrupt: a path would lead out of the folder.
        StoreUnavailable: the disk is full or the folder cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Store `data`; the media type is clear from the path's suffix."""
        write_whole(self._file(path), data)

    def get(self, path: str) -> bytes:
        """Return the bytes; FileNotFoundError if there is no such object."""
        return self._file(path).read_bytes()

    def delete(self, path: str) -> None:
        """Remove the object, if there is one."""
        self._file(path).unlink(missing_ok=True)

    def exists(self, path: str) -> bool:
        """Whether there is such an object."""
        return self._file(path).is_file()

    def written_before(self, moment: datetime) -> Iterator[str]:
        """Yield the paths of the objects last written before `moment`."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                file = Path(folder) / name
                if _NAME.fullmatch(name) and _is_older(file, moment):
                    yield file.relative_to(self.root).as_posix()

    def names(self, folder: str) -> list[str]:
        """Return the paths of the objects in a folder, without its subfolders, sorted by name."""
        files = sorted(one for one in self._file(folder).glob("*") if one.is_file())
        return [f"{folder}/{one.name}" for one in files if _NAME.fullmatch(one.name)]

    def delete_folder(self, folder: str) -> None:
        """Remove everything below a path, half-written objects too."""
        shutil.rmtree(self._file(folder), ignore_errors=True)

    def tidy(self, moment: datetime) -> None:
        """Remove temporary files and empty folders that are older than `moment`."""
        for folder, _, names in os.walk(self.root, topdown=False):
            for name in names:
                if name.endswith(".tmp") and _is_older(Path(folder) / name, moment):
                    (Path(folder) / name).unlink(missing_ok=True)
            if Path(folder) != self.root and _is_older(Path(folder), moment):
                with contextlib.suppress(OSError):  # it is not empty
                    Path(folder).rmdir()

    def _file(self, path: str) -> Path:
        return self.root.joinpath(*check_path(path).split("/"))


def check_path(path: str) -> str:
    """Return the path if it stays inside the object store.

    Raises:
        StoreCorrupt: it leads elsewhere, or has characters that Storage does not accept.
    """
    if not all(_NAME.fullmatch(name) for name in path.split("/")):
        raise StoreCorrupt(f"{path!r} is not a path inside the object store.")
    return path


def _is_older(path: Path, moment: datetime) -> bool:
    """Whether it was last written before `moment`; False if it has just been removed."""
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False


def write_whole(target: Path, data: bytes) -> None:
    """Write to a temporary name, sync, then rename, so that a reader sees the whole file or none.

    Raises:
        StoreUnavailable: the disk is full or the folder cannot be written.
    """
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:  # raised again; no error may leave half a file behind
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise StoreUnavailable(
            f"{target} cannot be written ({error.strerror or error}): make room or check the "
            "rights of that folder."
        ) from error


def _sync_folder(folder: Path) -> None:
    """Make the renaming survive a power cut, if the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

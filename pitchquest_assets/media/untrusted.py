"""Opens untrusted media files.

A file is opened as a handle and must begin with the signature of MP4/MOV, WebM/MKV or AVI; only
that demuxer runs. Anything else that a demuxer wants to open (the entries of a playlist, the
external references of a MOV) is refused, so no other file and no network address is ever touched.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Never

from pitchquest_assets.errors import InvalidVideo

if TYPE_CHECKING:
    from av.container import InputContainer

Demuxer = Literal["mov", "matroska", "avi"]

READ_BUFFER_BYTES = 1 << 18

_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"}
_EBML = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True)
class Limits:
    """How large and expensive a file may be; anything beyond is refused."""

    max_size_mb: float = 2000
    max_duration_seconds: float = 3600
    max_pixels: int = 3840 * 2160
    max_decode_seconds: float = 600  # CPU seconds for one decode, decoder threads included
    max_decode_memory_mb: float = 2000  # in the decoding process


@contextmanager
def open_media(
    path: Path, *, filename: str | None = None, limits: Limits | None = None
) -> Iterator["InputContainer"]:
    """Open `path` for demuxing and decoding; nothing else is ever opened.

    Args:
        filename: the name to show in messages (default: that of `path`).

    Raises:
        InvalidVideo: the file cannot be opened, or is not MP4/MOV, WebM/MKV or AVI.
    """
    import av
    import av.error

    name = filename or path.name
    with open_file(path, name) as handle:
        demuxer = sniff(handle, name)
        options = {"max_pixels": str((limits or Limits()).max_pixels)}
        if demuxer == "mov":
            options |= {"enable_drefs": "0", "use_absolute_path": "0"}
        try:
            container = av.open(
                handle,
                mode="r",
                format=demuxer,
                options=options,
                metadata_errors="replace",
                buffer_size=READ_BUFFER_BYTES,
                io_open=_refuse_to_open,
            )
        except av.error.FFmpegError as error:
            raise InvalidVideo(why_unreadable(handle, demuxer, name)) from error
        with container:
            yield container


def open_file(path: Path, filename: str) -> FileIO:
    """Open a regular, non-empty file; does not block on a pipe.

    Raises:
        InvalidVideo: the file cannot be opened; the message calls it `filename`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise InvalidVideo(f"{filename} is not there (any more): check its path.") from error
    except PermissionError as error:
        raise InvalidVideo(f"{filename} may not be read: check its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise InvalidVideo(f"{filename} cannot be opened ({error}): check its path.") from error
    problem = _problem(os.fstat(descriptor))
    if problem is not None:
        os.close(descriptor)
        raise InvalidVideo(f"{filename} {problem}")
    return FileIO(descriptor)


def sniff(handle: FileIO, filename: str) -> Demuxer:
    """Return the demuxer whose signature the file begins with, whatever its name says.

    Raises:
        InvalidVideo: the file does not begin with the signature of an allowed container.
    """
    handle.seek(0)
    head = handle.read(12)
    handle.seek(0)
    if head[4:8] in _MP4_BOXES:
        return "mov"
    if head.startswith(_EBML):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    raise InvalidVideo(
        f"{filename} is not an MP4, MOV, WebM, MKV or AVI video, whatever its name says: "
        "convert it to MP4."
    )


def why_unreadable(handle: FileIO, demuxer: Demuxer, filename: str) -> str:
    """Return the message for a file that its demuxer refused."""
    if demuxer == "mov" and not _has_moov(handle):
        return (
            f"{filename} has no index (moov box), so its recording or upload was cut short: "
            "export or upload it again."
        )
    return f"{filename} is damaged beyond reading: export or upload it again."


def beyond(filename: str, what: str, limit: str, setting: str) -> InvalidVideo:
    """Return the error for a file beyond a limit; `setting` is the variable without PITCHQUEST_."""
    remedy = "shorter" if setting == "MAX_DURATION_SECONDS" else "smaller"
    return InvalidVideo(
        f"{filename} {what} than {limit}: send a {remedy} version, or raise PITCHQUEST_{setting}."
    )


def _refuse_to_open(url: str, flags: int, options: dict[str, Any]) -> Never:
    raise InvalidVideo("The file refers to other files, which are never opened: send it in one.")


def _problem(status: os.stat_result) -> str | None:
    if stat.S_ISDIR(status.st_mode):
        return "is a directory: name the video file in it."
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file: save the video as one first."
    if status.st_size == 0:
        return "is empty (zero bytes): upload it again."
    return None


def _has_moov(handle: FileIO) -> bool:
    """Whether a whole `moov` box is among the top-level boxes (ISO 14496-12, 4.2)."""
    end = handle.seek(0, os.SEEK_END)
    position = 0
    while position + 8 <= end:
        handle.seek(position)
        header = handle.read(16)
        size = int.from_bytes(header[:4])
        if size == 1:  # the size follows the name, in 64 bits
            size = int.from_bytes(header[8:16])
        if header[4:8] == b"moov":
            return position + size <= end
        if size < 8:  # 0 is the last box, which extends to the end
            return False
        position += size
    return False

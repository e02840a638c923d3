"""Reads objects with the secret key, piece by piece; resumes after an interruption.

It does not use signed URLs, whose signatures fail for names with a question mark, or storage3's
download, which holds the whole body in memory and starts over.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from tenacity import RetryCallState

from pitchquest_assets.errors import InvalidVideo, StoreUnavailable
from pitchquest_assets.store.supabase.storage import (
    StorageRefusal,
    SupabaseStorage,
    retried,
    retry_after,
)

if TYPE_CHECKING:
    import httpx

BYTES_PER_MB = 1_000_000
LONGEST_ERROR_BYTES = 10_000


def read_object(storage: SupabaseStorage, bucket: str, path: str) -> bytes:
    """Return the bytes of an object; raises like `Download.run`."""
    buffer = io.BytesIO()
    Download(storage, bucket, path, buffer).run()
    return buffer.getvalue()


def download_file(
    storage: SupabaseStorage, bucket: str, path: str, target: Path, max_size_mb: float
) -> str:
    """Write an object to `target`, whole or not at all; return its SHA-256 in hexadecimal.

    Raises:
        StoreUnavailable: Storage does not answer, or the disk is full.
        InvalidVideo, FileNotFoundError: as `Download.run`.
    """
    partial = target.with_name(f".{target.name}.part")
    try:
        with partial.open("wb") as file:
            digest = Download(storage, bucket, path, file, max_size_mb).run()
        partial.replace(target)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreUnavailable(
            f"{target} cannot be written ({error.strerror or error}): make room for it."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return digest


class Download:
    """One download into a file; given up if several tries in a row make no progress."""

    def __init__(
        self,
        storage: SupabaseStorage,
        bucket: str,
        path: str,
        file: BinaryIO,
        max_size_mb: float | None = None,
    ) -> None:
        self.storage, self.file, self.max_size_mb = storage, file, max_size_mb
        self.what = f"{bucket}/{path}"
        self.url = f"{storage.url}object/authenticated/{bucket}/{quote(path)}"
        self.etag: str | None = None
        self.size: int | None = None
        self.offset = self.furthest = self.stalled = 0
        self.digest = hashlib.sha256()

    def run(self) -> str:
        """Fetch the object; return its SHA-256 in hexadecimal.

        Raises:
            FileNotFoundError: there is no such object.
            InvalidVideo: it is larger than the limit.
            StoreUnavailable: Storage does not answer.
        """
        retried(self.what, self._go_on, stop=self._is_stalled)
        return self.digest.hexdigest()

    def _is_stalled(self, _: RetryCallState) -> bool:
        return self.stalled >= self.storage.attempts

    def _go_on(self) -> None:
        """Make one request, which continues where the last one ended."""
        self.stalled += 1
        # With compression, the bytes received would not be those of the range.
        headers = self.storage.headers | {"Accept-Encoding": "identity"}
        if self.offset:
            headers["Range"] = f"bytes={self.offset}-"
        with self.storage.http.stream("GET", self.url, headers=headers) as response:
            self._check(response)
            for piece in response.iter_raw():
                self.file.write(piece)
                self.digest.update(piece)
                self.offset += len(piece)
                self._check_size(self.offset)
                # Not at any byte: a download that always starts over would never end.
                if self.offset > self.furthest:
                    self.furthest, self.stalled = self.offset, 0
        if self.size is not None and self.offset != self.size:
            import httpx

            raise httpx.RemoteProtocolError("the answer was cut short")

    def _check(self, response: "httpx.Response") -> None:
        """Make sure that the bytes to come are the right ones."""
        etag = response.headers.get("ETag")
        if response.status_code == 200:
            self._begin(response, etag)
        elif response.status_code == 206:
            wanted = f"bytes {self.offset}-"
            content_range = response.headers.get("Content-Range", "")
            if etag != self.etag or not content_range.startswith(wanted):
                raise self._begin_anew("it was replaced while it was downloaded")
        elif response.status_code == 416:
            raise self._begin_anew("it was replaced by a shorter one")
        else:
            raise _refusal(response)

    def _begin(self, response: "httpx.Response", etag: str | None) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.offset, self.etag, self.digest = 0, etag, hashlib.sha256()
        length = response.headers.get("Content-Length")
        self.size = int(length) if length else None
        self._check_size(self.size or 0)

    def _check_size(self, size: int) -> None:
        if self.max_size_mb is not None and size > self.max_size_mb * BYTES_PER_MB:
            raise InvalidVideo(
                f"{self.what} is larger than {self.max_size_mb:g} MB (PITCHQUEST_MAX_SIZE_MB)."
            )

    def _begin_anew(self, reason: str) -> StorageRefusal:
        self.offset = 0
        return StorageRefusal(503, reason)


def _refusal(response: "httpx.Response") -> StorageRefusal:
    body = next(response.iter_bytes(LONGEST_ERROR_BYTES), b"")
    try:
        answer = json.loads(body)
        # The status of the answer itself is 400, whatever it is about.
        status, message = int(answer["statusCode"]), str(answer["message"])
    except (ValueError, KeyError, TypeError):
        status, message = response.status_code, "no reason was given"
    return StorageRefusal(status, message, retry_after(response.headers))

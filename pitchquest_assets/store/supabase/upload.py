"""Uploads large files, resuming after an interruption: the TUS protocol as Supabase speaks it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from pitchquest_assets.store.supabase import storage as supabase_storage
from pitchquest_assets.store.supabase.storage import (
    RetryAfter,
    StorageRefusal,
    SupabaseStorage,
    is_passing,
    refused,
    retried,
    unavailable,
)
from pitchquest_assets.store.supabase.unfinished import UnfinishedUpload

if TYPE_CHECKING:
    import aiohttp
    import yarl

# Supabase accepts chunks of exactly this size; smaller files go in one request.
CHUNK_BYTES = 6 * 1024 * 1024
CHUNK_TIMEOUT_SECONDS = 300.0


def upload_resumably(
    storage: SupabaseStorage,
    file: Path,
    bucket: str,
    path: str,
    media_type: str,
    unfinished: UnfinishedUpload | None = None,
) -> None:
    """Put a file into a bucket, replacing any file there; raises like `SupabaseStorage.call`.

    Args:
        unfinished: the record of an earlier process, to go on from, and for a later one.
    """
    size = file.stat().st_size

    def once() -> None:
        asyncio.run(_upload(storage, file, bucket, path, media_type, unfinished))
        if unfinished:
            unfinished.forget()
        # All bytes may have arrived and yet there is no object, if the server died in between.
        try:
            found = storage.in_bucket(bucket, path, lambda it: it.info(path).get("size"))
        except FileNotFoundError:
            found = None
        if found != size:
            raise StorageRefusal(503, "the upload was lost at its end")

    retried(f"{bucket}/{path}", once, stop_after_attempt(storage.attempts))


async def _upload(
    storage: SupabaseStorage,
    file: Path,
    bucket: str,
    path: str,
    media_type: str,
    unfinished: UnfinishedUpload | None,
) -> None:
    import aiohttp

    what = f"{bucket}/{path}"
    timeout = aiohttp.ClientTimeout(
        total=CHUNK_TIMEOUT_SECONDS,
        sock_connect=supabase_storage.CONNECT_TIMEOUT_SECONDS,
        sock_read=supabase_storage.READ_TIMEOUT_SECONDS,
    )
    metadata = {
        "bucketName": bucket.encode(),
        "objectName": path.encode(),
        "contentType": media_type.encode(),
        "cacheControl": b"3600",
    }
    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(_refuse_redirect)
    tracing.on_request_end.append(_note_arrived(unfinished))
    proxy = _proxy(storage.url)
    try:
        async with aiohttp.ClientSession(
            timeout=timeout, proxy=proxy, trace_configs=[tracing]
        ) as session:
            with file.open("rb") as stream:
                await _Upload(session, storage, stream, metadata, unfinished).run()
    except StorageRefusal as refusal:
        raise refused(what, refusal) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise unavailable(what, str(error) or type(error).__name__) from error


async def _refuse_redirect(
    _session: "aiohttp.ClientSession",
    _context: object,
    redirect: "aiohttp.TraceRequestRedirectParams",
) -> None:
    """Refuse redirects, which could carry the apikey to another host; aiotus has no option."""
    raise StorageRefusal(redirect.response.status, "it leads elsewhere")


def _note_arrived(unfinished: UnfinishedUpload | None) -> Any:
    """Record after each chunk how far the upload is; aiotus does not report it."""

    async def note(
        _session: "aiohttp.ClientSession",
        _context: object,
        ended: "aiohttp.TraceRequestEndParams",
    ) -> None:
        arrived = ended.response.headers.get("Upload-Offset", "")
        if unfinished and ended.method == "PATCH" and arrived.isdigit():
            unfinished.move_on(int(arrived))

    return note


def _proxy(url: str) -> str | None:
    """The proxy from the environment; aiohttp's own option would also use ~/.netrc's passwords."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


class _Upload:
    """One upload; given up if several tries in a row make no progress."""

    def __init__(
        self,
        session: "aiohttp.ClientSession",
        storage: SupabaseStorage,
        stream: BinaryIO,
        metadata: Mapping[str, bytes],
        unfinished: UnfinishedUpload | None,
    ) -> None:
        self.session, self.stream, self.metadata = session, stream, metadata
        self.attempts = storage.attempts
        self.endpoint = f"{storage.url}upload/resumable"
        self.headers = storage.headers | {"x-upsert": "true"}
        self.location: yarl.URL | None = None
        self.unfinished = unfinished
        self.arrived = self.furthest = self.stalled = 0

    async def run(self) -> None:
        retrying = AsyncRetrying(
            retry=retry_if_exception(_is_passing),
            stop=self._is_stalled,
            wait=RetryAfter(),
            reraise=True,
        )
        await retrying(self._go_on)

    def _is_stalled(self, _: RetryCallState) -> bool:
        self.stalled = 0 if self.arrived > self.furthest else self.stalled + 1
        self.furthest = max(self.furthest, self.arrived)
        return self.stalled >= self.attempts

    async def _go_on(self) -> None:
        """Create the upload if there is none, and send what the server lacks."""
        import aiohttp
        import yarl
        from aiotus.common import ProtocolError
        from aiotus.core import offset, upload_buffer
        from aiotus.creation import create

        try:
            if self.location is None and (kept := self.unfinished and self.unfinished.read()):
                self.location = self._at_home(yarl.URL(kept.location))
            if self.location is None:
                created = await create(
                    self.session,
                    yarl.URL(self.endpoint),
                    self.stream,
                    self.metadata,
                    headers=self.headers,
                )
                self.location = self._at_home(created)
            # The stream's position says nothing: it is moved to the end before anything is sent.
            self.arrived = await offset(self.session, self.location, headers=self.headers)
            if self.unfinished:
                self.unfinished.keep(str(self.location), self.arrived)
            await upload_buffer(
                self.session,
                self.location,
                self.stream,
                chunksize=CHUNK_BYTES,
                headers=self.headers,
            )
        except aiohttp.ClientResponseError as error:
            raise self._refusal(error) from None
        except ProtocolError as error:
            raise StorageRefusal(502, str(error)) from None

    def _at_home(self, created: "yarl.URL") -> "yarl.URL":
        """The URL to continue at; never on another host, which would get the key."""
        import yarl

        endpoint = yarl.URL(self.endpoint)
        location = endpoint.join(created)
        if location.origin() != endpoint.origin():
            raise StorageRefusal(
                201,
                f"it would go on at {location.origin()}, which is not SUPABASE_URL: a proxy before "
                "Storage must pass X-Forwarded-Host and X-Forwarded-Proto",
            )
        return location

    def _refusal(self, error: "aiohttp.ClientResponseError") -> StorageRefusal:
        if error.__cause__ is not None:  # aiohttp's sign of an answer that is not HTTP
            return StorageRefusal(502, "the answer cannot be read")
        if self.location is not None and error.status in (404, 410):
            self.location = None  # it has expired: start over
            if self.unfinished:
                self.unfinished.forget()
            return StorageRefusal(503, "the upload is gone")
        message = "Bucket not found" if error.status == 404 else error.message
        wait = error.headers.get("Retry-After", "") if error.headers else ""
        return StorageRefusal(error.status, message, float(wait) if wait.isdigit() else None)


def _is_passing(error: BaseException) -> bool:
    import aiohttp

    return is_passing(error) or isinstance(error, aiohttp.ClientError | TimeoutError)

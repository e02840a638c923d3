"""Supabase Storage: the connection, which errors to retry, and messages for refusals.

It uses HTTP/1.1 on purpose, because supabase-py lost writes over HTTP/2. supabase-py does not retry
either; every call here is idempotent, so a call whose answer was lost is simply repeated.
"""

import logging
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_exponential_jitter

from pitchquest_assets.errors import ObjectRefused, SettingsError, StoreUnavailable

if TYPE_CHECKING:
    import httpx
    from storage3 import SyncStorageClient
    from storage3._sync.file_api import SyncBucketProxy

T = TypeVar("T")

VIDEOS = "videos"
OBJECTS = "pitchquest"

CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 60.0
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
# If Retry-After is longer than this, Storage counts as unavailable.
LONGEST_RETRY_AFTER_SECONDS = 60.0
LONGEST_MESSAGE = 200
PASSING = {408, 409, 423, 425, 429}


class StorageRefusal(Exception):
    """An unsuccessful answer: its status, the server's own words, seconds to wait."""

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status}: {message}")
        self.status, self.message, self.retry_after = status, message, retry_after


class SupabaseStorage:
    """The Storage of one project; connects at the first call, may be shared by threads.

    Args:
        attempts: how often a call is tried before giving up; default ATTEMPTS.
    """

    def __init__(self, url: str, key: str, attempts: int | None = None) -> None:
        self.attempts = attempts or ATTEMPTS
        self.url = f"{url.rstrip('/')}/storage/v1/"
        self.headers = {"apikey": key, "Authorization": f"Bearer {key}"}

    @cached_property
    def http(self) -> "httpx.Client":
        """The HTTP client of all requests."""
        import httpx

        # It would log every URL, with the names of the users' files.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        timeout = httpx.Timeout(READ_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
        # A redirect to another host would carry the header apikey along.
        return httpx.Client(http2=False, timeout=timeout, follow_redirects=False)

    @cached_property
    def client(self) -> "SyncStorageClient":
        """supabase-py's own client."""
        from storage3 import SyncStorageClient

        return SyncStorageClient(self.url, self.headers, http_client=self.http)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def call(self, what: str, work: "Callable[[SyncStorageClient], T]") -> T:
        """Return what `work` returns; retry errors that may pass.

        Args:
            what: the object's name in errors, such as "videos/a.mp4".

        Raises:
            FileNotFoundError: there is no such object.
            StoreUnavailable: Storage did not answer, several times in a row.
            SettingsError: the key is refused, or the bucket does not exist.
            ObjectRefused: the file is too large, or the bucket refuses its media type or name.
        """
        return retried(what, lambda: self._once(work), stop_after_attempt(self.attempts))

    def in_bucket(self, bucket: str, path: str, work: "Callable[[SyncBucketProxy], T]") -> T:
        """Call `work` with a bucket, for one object or prefix; raises like `call`."""
        return self.call(f"{bucket}/{path}", lambda client: work(client.from_(bucket)))

    def _once(self, work: "Callable[[SyncStorageClient], T]") -> T:
        from storage3.exceptions import StorageApiError

        try:
            return work(self.client)
        except StorageApiError as error:
            # An answer from a gateway, not from Storage, may be a whole HTML page.
            by_gateway = error.message.startswith("Unable to parse")
            message = "no reason was given" if by_gateway else error.message
            raise StorageRefusal(int(error.status), message, _retry_after(error)) from None
        except (ValueError, KeyError):
            raise StorageRefusal(502, "the answer is not Storage's") from None


def retried(what: str, work: Callable[[], T], stop: Callable[[RetryCallState], bool]) -> T:
    """Return what `work` returns, with retries; raises like `SupabaseStorage.call`."""
    import httpx

    retrying = Retrying(
        retry=retry_if_exception(is_passing),
        stop=stop,
        wait=RetryAfter(),
        reraise=True,
    )
    try:
        return retrying(work)
    except StorageRefusal as refusal:
        raise refused(what, refusal) from None
    except httpx.TransportError as error:
        raise unavailable(what, str(error) or type(error).__name__) from error


def is_passing(error: BaseException) -> bool:
    """Whether to retry: cut off, refused, hanging, too many requests, or a server error."""
    if isinstance(error, StorageRefusal):
        waits_too_long = (error.retry_after or 0) > LONGEST_RETRY_AFTER_SECONDS
        return (error.status in PASSING or error.status >= 500) and not waits_too_long
    import httpx

    return isinstance(error, httpx.TransportError)


class RetryAfter(wait_base):
    """Waits as long as the server asks for, else exponentially longer, with jitter."""

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds until the next try."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, StorageRefusal) and error.retry_after is not None:
            return error.retry_after
        return wait_exponential_jitter(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)(retry_state)


def refused(what: str, refusal: StorageRefusal) -> Exception:
    """Return our error for an answer that a retry would not change."""
    message = " ".join(refusal.message.split())[:LONGEST_MESSAGE].rstrip(".")
    if is_passing(refusal) or refusal.retry_after is not None:
        return unavailable(what, f"{refusal.status}, {message}")
    if refusal.status == 404:
        if "bucket" in message.lower():
            return SettingsError(
                f"The bucket {what.partition('/')[0]!r} does not exist in the Supabase project: "
                "make it in the dashboard, private."
            )
        return FileNotFoundError(f"There is no object {what} in Supabase Storage.")
    if refusal.status in (401, 403):
        return SettingsError(
            f"Supabase Storage does not accept SUPABASE_KEY ({message}): take the secret key of "
            "the project that SUPABASE_URL names."
        )
    if refusal.status == 413:
        return ObjectRefused(
            f"{what} is larger than Supabase Storage accepts: raise the upload limit of the "
            "project and of the bucket (Storage, Settings), or use a smaller file."
        )
    if refusal.status == 415:
        return ObjectRefused(
            f"The bucket does not take {what} ({message}): allow this media type in its settings."
        )
    if "invalid key" in message.lower():
        return ObjectRefused(
            f"Supabase Storage does not take the name {what}: use letters, digits, dots, dashes."
        )
    return ObjectRefused(f"Supabase Storage refused {what} ({refusal.status}, {message}).")


def unavailable(what: str, reason: str) -> StoreUnavailable:
    """Return the error for a Storage that does not answer."""
    return StoreUnavailable(
        f"Supabase Storage does not answer for {what} ({reason}): check SUPABASE_URL and the "
        "project's status, and try again."
    )


def retry_after(headers: "httpx.Headers") -> float | None:
    """Return the seconds of the header Retry-After; None if it is a date or missing."""
    wait = headers.get("Retry-After", "")
    return float(wait) if wait.isdigit() else None


def _retry_after(error: BaseException) -> float | None:
    import httpx

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, httpx.HTTPStatusError):
            return retry_after(seen.response.headers)
        seen = seen.__cause__ or seen.__context__
    return None

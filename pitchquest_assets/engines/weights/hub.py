"""A source of model files: the hub that published them, at the pinned revision."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pitchquest_assets.engines.weights.checked import (
    BROKEN_OFF,
    CHUNK_BYTES,
    NO_ANSWER,
    STALLED,
    NotFetched,
    Progress,
    is_pinned,
    write_checked,
)
from pitchquest_assets.engines.weights.pinned import Model, ModelFile

if TYPE_CHECKING:
    import httpx

# Give up on a download that receives nothing for this long.
STALL_SECONDS = 30.0


@dataclass(frozen=True)
class Hub:
    """The hub of one model.

    Attributes:
        mirror: scheme and host, perhaps with a path, of a mirror to use instead.
    """

    model: Model
    mirror: str | None = None

    @property
    def label(self) -> str:
        """The host that is asked."""
        return urlsplit(self.mirror or self.model.url).netloc

    @property
    def provenance(self) -> str:
        """What is noted about files that came from here."""
        return f"{self.label} at revision {self.model.revision}"

    def trouble(self, timeout_seconds: float) -> str | None:
        """Return why the hub cannot be used; None if it has the first file and says so in time."""
        import httpx

        statuses: list[int] = []

        def ask() -> None:
            try:
                reply = httpx.head(
                    self._url(self.model.files[0]), follow_redirects=True, timeout=timeout_seconds
                )
            except httpx.HTTPError:
                return
            statuses.append(reply.status_code)

        # httpx limits the time of each step, but not of the DNS lookup, nor of all steps together.
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(timeout_seconds)
        if not statuses:
            return NO_ANSWER
        return None if 200 <= statuses[0] < 300 else f"HTTP {statuses[0]}"

    def fetch(self, files: Sequence[ModelFile], target: Path, report: Progress) -> None:
        """Stream the model's files into the folder, except those that are in it already.

        Raises:
            NotFetched: no answer, or not the pinned files.
        """
        done = 0
        for file in files:
            if not is_pinned(target / file.name, file):
                self._stream(file, target, done, report)
            done += file.size_bytes
            report(done, self.model.size_bytes)

    def _stream(self, file: ModelFile, target: Path, done: int, report: Progress) -> None:
        import httpx

        with (
            _causes_told(),
            httpx.stream(
                "GET", self._url(file), follow_redirects=True, timeout=STALL_SECONDS
            ) as reply,
        ):
            reply.raise_for_status()
            write_checked(
                reply.iter_bytes(CHUNK_BYTES),
                file,
                target,
                lambda size: report(done + size, self.model.size_bytes),
            )

    def _url(self, file: ModelFile) -> str:
        url = f"{self.model.url}/{file.name}"
        return self.mirror.rstrip("/") + urlsplit(url).path if self.mirror else url


@contextmanager
def _causes_told() -> Iterator[None]:
    """Turn what httpx raises into NotFetched."""
    import httpx

    try:
        yield
    except httpx.HTTPError as error:
        raise NotFetched(_cause(error)) from error


def _cause(error: "httpx.HTTPError") -> str:
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return STALLED if isinstance(error, httpx.TimeoutException) else BROKEN_OFF

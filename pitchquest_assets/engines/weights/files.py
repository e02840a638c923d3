"""Model files that are not in the package: finds, lists and fetches them.

Nothing is fetched unless a function that says so is called, and a file gets its final name only
after its checksum was verified.
"""

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock

from pitchquest_assets.engines.weights.pinned import MODELS, Model, ModelFile
from pitchquest_assets.errors import EngineUnavailable

if TYPE_CHECKING:
    import httpx

__all__ = ["MODELS", "ModelRow", "ensure", "find", "hub_answers", "list_models", "pull"]

# Give up a download that receives nothing for this long.
STALL_SECONDS = 30.0
CHUNK_BYTES = 1 << 18
# A smaller file is not a model but, for example, a Git LFS pointer.
MIN_MODEL_BYTES = 10_000
PARTIAL_SUFFIX = ".part"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ModelRow:
    """What `pitchquest models list` shows about one model."""

    model: Model
    path: Path | None
    checksum_ok: bool | None

    def lines(self) -> list[str]:
        """Return lines of text: name, purpose, size, licence, where it is, source, checksums."""
        model = self.model
        verdict = {True: "checksum ok", False: "wrong checksum", None: "not the pinned file"}
        place = f"here: {self.path} ({verdict[self.checksum_ok]})" if self.path else "not here"
        return [
            f"{model.name}: {model.purpose}, {_megabytes(model.size_bytes)}, {model.licence}",
            f"  {place}",
            *([f"  {model.notice}"] if model.notice else []),
            f"  from {model.source} at revision {model.revision}",
            *(f"  sha256 {file.sha256}  {file.name}" for file in model.files),
        ]


def find(name: str, folder: Path) -> Path | None:
    """Return the model's file or folder; None if it is missing, incomplete or of the wrong size.

    Raises:
        EngineUnavailable: there is no model of that name.
    """
    model = _model(name)
    for inside in model.folders:
        if all(_has_size(folder / inside / file.name, file) for file in model.files):
            return model.path_in(folder, inside)
    if model.accepts and folder.is_dir():
        others = (path for path in folder.glob(model.accepts) if _is_other(path, model))
        return max(others, key=lambda path: path.name, default=None)
    return None


def list_models(folder: Path) -> list[ModelRow]:
    """Return a row per pinned model; computes the checksums of those in the folder."""
    rows = []
    for model in MODELS.values():
        path = find(model.name, folder)
        rows.append(ModelRow(model, path, _checksum_ok(model, path) if path else None))
    return rows


def hub_answers(model: Model, timeout_seconds: float, *, hub: str | None = None) -> bool:
    """Whether the model's hub has its first file, and says so in time."""
    import httpx

    answered = threading.Event()

    def ask() -> None:
        try:
            reply = httpx.head(
                _url(model, model.files[0], hub), follow_redirects=True, timeout=timeout_seconds
            )
        except httpx.HTTPError:
            return
        if reply.is_success:
            answered.set()

    # httpx limits the time of each step, but not of the DNS lookup, nor of all steps together.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout_seconds)
    return answered.is_set()


def ensure(
    name: str,
    folder: Path,
    *,
    downloads: bool,
    hub_timeout_seconds: float,
    announce: Callable[[str], None],
    progress: Progress | None = None,
    hub: str | None = None,
) -> Path | None:
    """Return the model from the folder, or fetch it if that is allowed and its hub answers.

    Returns:
        Its file or folder; None if it is not available. A failed fetch is announced, not raised:
        the caller goes on without the model.
    """
    found = find(name, folder)
    model = _model(name)
    if found or not downloads:
        return found
    if not hub_answers(model, hub_timeout_seconds, hub=hub):
        announce(f"{name} is not here and cannot be fetched: {_host(model, hub)} does not answer.")
        return None
    announce(
        f"Fetching {name} ({model.purpose}; {_megabytes(model.size_bytes)}, licence "
        f"{model.licence}) once from {_host(model, hub)} into {folder}."
    )
    try:
        return pull(name, folder, progress=progress, hub=hub)
    except EngineUnavailable as error:
        announce(str(error))
        return None


def pull(
    name: str, folder: Path, *, progress: Progress | None = None, hub: str | None = None
) -> Path:
    """Fetch the missing files of a pinned model, and verify the checksums of all.

    Several processes may pull the same model at once: one fetches, the others wait for it.

    Args:
        name: the name of a pinned model.
        folder: the folder of all models.
        progress: called with the bytes received so far and the bytes of the whole model.
        hub: scheme and host, perhaps with a path, of a mirror to use instead.

    Returns:
        The model's file, or its folder if it has several.

    Raises:
        EngineUnavailable: unknown name, no answer, wrong checksum, or no room for the file.
    """
    import httpx

    model = _model(name)
    target = folder / model.folders[0]
    report = progress or (lambda done, total: None)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{name}.lock"):
            # The lock is held, so these can only be left over from a pull that was killed.
            for left in target.glob(f".*{PARTIAL_SUFFIX}"):
                left.unlink()
            done = 0
            for file in model.files:
                if not _is_pinned(target / file.name, file):
                    _fetch(_url(model, file, hub), file, target, done, model.size_bytes, report)
                done += file.size_bytes
                report(done, model.size_bytes)
    except httpx.HTTPError as error:
        raise EngineUnavailable(
            f"{name} could not be fetched from {_host(model, hub)} ({_cause(error)}): try again "
            f"when the network reaches it, or put {_file_names(model)} into {target}."
        ) from error
    except OSError as error:
        raise EngineUnavailable(
            f"{name} cannot be written to {target} ({error.strerror or error}): set "
            "PITCHQUEST_MODELS to a folder with room that you may write to."
        ) from error
    return model.path_in(folder, model.folders[0])


def _fetch(
    url: str, file: ModelFile, target: Path, done: int, total: int, report: Progress
) -> None:
    """Stream one file to a temporary name, check it, rename it."""
    import httpx

    digest = hashlib.sha256()
    size = 0
    handle, temporary = tempfile.mkstemp(PARTIAL_SUFFIX, f".{file.name}.", target)
    try:
        with (
            os.fdopen(handle, "wb") as part,
            httpx.stream("GET", url, follow_redirects=True, timeout=STALL_SECONDS) as reply,
        ):
            reply.raise_for_status()
            for chunk in reply.iter_bytes(CHUNK_BYTES):
                size += len(chunk)
                # It is not the pinned file, so do not fill the disk with it.
                if size > file.size_bytes:
                    break
                part.write(chunk)
                digest.update(chunk)
                report(done + size, total)
        if digest.hexdigest() != file.sha256 or size != file.size_bytes:
            raise EngineUnavailable(
                f"What {urlsplit(url).netloc} sent as {file.name} is not the pinned file (size or "
                "sha256 differ), so it was thrown away: try again later, or from another network."
            )
        # mkstemp makes it private, but everyone who may enter the folder may use the model.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target / file.name)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _model(name: str) -> Model:
    if name not in MODELS:
        raise EngineUnavailable(f"There is no model named {name!r}; known are {', '.join(MODELS)}.")
    return MODELS[name]


def _url(model: Model, file: ModelFile, hub: str | None) -> str:
    url = f"{model.url}/{file.name}"
    return url if hub is None else hub.rstrip("/") + urlsplit(url).path


def _host(model: Model, hub: str | None) -> str:
    return urlsplit(hub or model.url).netloc


def _has_size(path: Path, file: ModelFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size_bytes


def _is_pinned(path: Path, file: ModelFile) -> bool:
    if not _has_size(path, file):
        return False
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256


def _is_other(path: Path, model: Model) -> bool:
    """Whether this is another version of a one-file model, judged by its size."""
    named_as_pinned = path.name == model.files[0].name
    return not named_as_pinned and path.is_file() and path.stat().st_size >= MIN_MODEL_BYTES


def _checksum_ok(model: Model, path: Path) -> bool | None:
    """Whether the checksums match; None for a file that is not the pinned version."""
    if len(model.files) == 1:
        pinned = path.name == model.files[0].name
        return _is_pinned(path, model.files[0]) if pinned else None
    return all(_is_pinned(path / file.name, file) for file in model.files)


def _file_names(model: Model) -> str:
    return ", ".join(file.name for file in model.files)


def _cause(error: "httpx.HTTPError") -> str:
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return "no answer in time" if isinstance(error, httpx.TimeoutException) else "connection failed"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"

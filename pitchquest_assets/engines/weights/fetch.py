"""Gets model files as the settings say: from the folder, or by fetching if that is allowed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pitchquest_assets.engines.weights import fetcher
from pitchquest_assets.engines.weights.files import find, provenance, refused
from pitchquest_assets.engines.weights.pinned import MODELS, YUNET
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.settings import Settings

AUTO = "auto"
# Best first. Others are better still, but so slow on a CPU that a person has to choose them.
HERE_FIRST = ("base.en", "base", "tiny.en")
# On 17 recordings of people whose first language is not English, the median word error rate is
# 0.12 by tiny.en and 0.09 by base, which takes twice the time and the download. 0.12 is good
# enough, so base is fetched only where tiny.en, the cheaper one, is not available.
FETCHED_FIRST = ("base.en", "tiny.en", "base")
OTHER_LANGUAGES = ("base",)


class Whisper(NamedTuple):
    """Weights that are here: their size, such as tiny.en, and where they came from."""

    size: str
    folder: Path
    came_from: str


def fetch(name: str, settings: Settings, progress: Progress) -> Path | None:
    """Return the model's file or folder, fetched if needed; None if it is not available."""
    found = fetcher.ensure(
        name,
        settings.models_path,
        downloads=settings.downloads == "on",
        hub_timeout_seconds=settings.model_hub_timeout_seconds,
        announce=progress.announce,
        progress=progress.downloaded,
        hub=settings.model_hub,
    )
    if found is None:
        _tell_refused([name], settings, progress)
    return found


def fetch_faces(settings: Settings, progress: Progress) -> Path | None:
    """Return the face detector: what PITCHQUEST_FACE_MODEL names, else like `fetch` of YuNet.

    Raises:
        EngineUnavailable: the setting names a file that is not there.
    """
    return faces_by_hand(settings) or fetch(YUNET.name, settings, progress)


def faces_by_hand(settings: Settings) -> Path | None:
    """Return the file that PITCHQUEST_FACE_MODEL names, if it is set; raises like fetch_faces."""
    if settings.face_model is None:
        return None
    path = settings.face_model.expanduser().absolute()
    if not path.is_file():
        raise EngineUnavailable(
            f"PITCHQUEST_FACE_MODEL names {path}, where there is no file: put the model there, or "
            "unset it."
        )
    return path


def fetch_whisper(settings: Settings, progress: Progress) -> Whisper | None:
    """Return the weights that PITCHQUEST_WHISPER_MODEL names; None if they are not available.

    `auto` takes the best that is here, or else fetches the first that is available. A size that is
    not pinned is never fetched, but taken from a folder that a person put there.

    Raises:
        EngineUnavailable: the size is not pinned and there is no such folder, or it knows only
            English and PITCHQUEST_LANGUAGE is another language.
    """
    if here := whisper_here(settings):
        return here
    fetcher.fetch_first(
        whisper_names(settings),
        fetcher.Fetcher(
            settings.models_path,
            settings.model_hub_timeout_seconds,
            progress.announce,
            progress.downloaded,
            settings.model_hub,
            downloads=settings.downloads == "on",
        ),
    )
    if (found := whisper_here(settings)) is None:
        _tell_refused(whisper_names(settings), settings, progress)
    return found


def whisper_here(settings: Settings) -> Whisper | None:
    """Return the weights that the settings ask for, if they are here; raises like fetch_whisper."""
    for size in _sizes(settings, HERE_FIRST):
        if (name := f"whisper-{size}") not in MODELS:
            return _whisper(size, _by_hand(settings), settings)
        if folder := find(name, settings.models_path):
            return _whisper(size, folder, settings)
    return None


def multilingual_here(settings: Settings) -> Whisper | None:
    """Return weights that know languages other than English, if they are here."""
    for size in OTHER_LANGUAGES:
        if folder := find(f"whisper-{size}", settings.models_path):
            return _whisper(size, folder, settings)
    return None


def _whisper(size: str, folder: Path, settings: Settings) -> Whisper:
    came_from = provenance(f"whisper-{size}", settings.models_path)
    return Whisper(size, folder, came_from or "the models folder")


def whisper_names(settings: Settings) -> list[str]:
    """Return the pinned models of which one will do, in the order in which they are fetched."""
    return [f"whisper-{size}" for size in _sizes(settings, FETCHED_FIRST)]


def _sizes(settings: Settings, auto: tuple[str, ...]) -> tuple[str, ...]:
    english, size = settings.language in (None, "en"), settings.whisper_model
    if size == AUTO:
        return auto if english else OTHER_LANGUAGES
    if size.endswith(".en") and not english:
        raise EngineUnavailable(
            f"PITCHQUEST_WHISPER_MODEL={size} knows only English, but PITCHQUEST_LANGUAGE="
            f"{settings.language}: set the model to auto or base."
        )
    return (size,)


def _tell_refused(names: Sequence[str], settings: Settings, progress: Progress) -> None:
    """Announce files that are here under the names of these models, but differ from them."""
    for name in names:
        if path := refused(name, settings.models_path):
            progress.announce(
                f"{path} is not used, as its files are not the pinned ones of {name}: fetch these "
                f"by `pitchquest models pull {name}`; docs/models.md says how to name your own."
            )


def _by_hand(settings: Settings) -> Path:
    """The folder whisper-SIZE or faster-whisper-SIZE of a size that is not pinned."""
    size = settings.whisper_model
    for name in (f"whisper-{size}", f"faster-whisper-{size}"):
        if (settings.models_path / name / "model.bin").is_file():
            return settings.models_path / name
    pinned = ", ".join(
        name.removeprefix("whisper-") for name in MODELS if name.startswith("whisper-")
    )
    raise EngineUnavailable(
        f"PITCHQUEST_WHISPER_MODEL={size} is none of {pinned}: set one of these, or put a "
        f"CTranslate2 conversion of it into {settings.models_path / f'whisper-{size}'}."
    )

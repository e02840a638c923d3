"""Gets model files as the settings say: from the folder, or by fetching if that is allowed."""

from pathlib import Path

from pitchquest_assets.engines.weights import files as weights
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.settings import Settings


def fetch(name: str, settings: Settings, progress: Progress) -> Path | None:
    """Return the model's file or folder, fetched if needed; None if it is not available."""
    return weights.ensure(
        name,
        settings.models_path,
        downloads=settings.downloads == "on",
        hub_timeout_seconds=settings.model_hub_timeout_seconds,
        announce=progress.announce,
        progress=progress.downloaded,
        hub=settings.model_hub,
    )


def fetch_whisper(settings: Settings, progress: Progress) -> Path | None:
    """Return the folder of PITCHQUEST_WHISPER_MODEL; None if it is not available.

    A size that is not pinned is never fetched, but taken from a folder that a person put there.

    Raises:
        EngineUnavailable: the size is not pinned, and there is no such folder.
    """
    name = f"whisper-{settings.whisper_model}"
    if name in weights.MODELS:
        return fetch(name, settings, progress)
    return whisper_by_hand(settings)


def whisper_by_hand(settings: Settings) -> Path:
    """Return the folder whisper-SIZE or faster-whisper-SIZE of a size that is not pinned.

    Raises:
        EngineUnavailable: there is no such folder.
    """
    size = settings.whisper_model
    for name in (f"whisper-{size}", f"faster-whisper-{size}"):
        if (settings.models_path / name / "model.bin").is_file():
            return settings.models_path / name
    pinned = ", ".join(
        name.removeprefix("whisper-") for name in weights.MODELS if name.startswith("whisper-")
    )
    raise EngineUnavailable(
        f"PITCHQUEST_WHISPER_MODEL={size} is none of {pinned}: set one of these, or put a "
        f"CTranslate2 conversion of it into {settings.models_path / f'whisper-{size}'}."
    )

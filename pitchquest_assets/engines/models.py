"""Model files as the settings say: from the folder, or fetched when that is allowed."""

from pathlib import Path

from pitchquest_assets.engines import weights
from pitchquest_assets.engines.progress import Progress
from pitchquest_assets.settings import Settings


def fetch(name: str, settings: Settings, progress: Progress) -> Path | None:
    """The model's file or folder, fetched at first need; None where it cannot be had now."""
    return weights.ensure(
        name,
        settings.models_path,
        downloads=settings.downloads == "on",
        hub_timeout_seconds=settings.model_hub_timeout_seconds,
        announce=progress.announce,
        progress=progress.downloaded,
        hub=settings.model_hub,
    )

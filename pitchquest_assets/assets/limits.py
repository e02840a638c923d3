"""The limits on a file, from the settings."""

from pitchquest_assets.media.probe import Limits
from pitchquest_assets.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """How much one file may ask for."""
    return Limits(
        max_size_mb=settings.max_size_mb,
        max_duration_seconds=settings.max_duration_seconds,
        max_pixels=settings.max_pixels,
        max_decode_seconds=settings.max_decode_seconds,
    )

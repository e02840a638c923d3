"""A video as files that can be opened here."""

from dataclasses import dataclass
from pathlib import Path

from pitchquest_assets.model import SourceVideo


@dataclass(frozen=True)
class LocalVideo:
    """What is known about a video, and where this machine has it, with its captions if any.

    `source.path` says where the video is kept: the same file, or one in Storage that `path` is a
    copy of.
    """

    source: SourceVideo
    path: Path
    captions: Path | None = None

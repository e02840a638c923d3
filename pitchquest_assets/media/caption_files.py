"""Captions that a person wrote: WebVTT, SubRip or plain text, read into cues."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pitchquest_assets.errors import InvalidCaptions

SUFFIXES = (".vtt", ".srt")
MAX_SIZE_BYTES = 10_000_000

_SOUND_LABEL = re.compile(
    r"\[[^\]]*\]|\((?:applause|laughter|laughs|music|silence)\)|♪", re.IGNORECASE
)
_SPEAKER_MARK = re.compile(r"^\s*(?:>>+|-)\s*")


@dataclass(frozen=True)
class Cue:
    """One caption; start and end are seconds, or None if the file carries no times."""

    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None


def beside(video: Path) -> Path | None:
    """Return the caption file beside a video: its name with .vtt or .srt; None if there is none."""
    candidates = (video.with_suffix(suffix) for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def read_captions(path: Path) -> list[Cue]:
    """Read the cues of a caption file, ordered by time.

    Raises:
        InvalidCaptions: the file is missing, too large, not text, or has no words.
    """
    cues = clean_cues(_parse(_read_text(path), path))
    if not cues:
        raise InvalidCaptions(
            f"The captions {path.name} hold no words; give a .vtt, .srt or plain-text file."
        )
    return cues


def clean_cues(cues: Iterable[Cue]) -> list[Cue]:
    """Remove markup, sound labels and the repeated lines of rolling captions."""
    cleaned: list[Cue] = []
    last_line = ""
    for cue in cues:
        kept = []
        for line in cue.text.splitlines():
            words = _SPEAKER_MARK.sub("", _SOUND_LABEL.sub(" ", html.unescape(line))).split()
            text = " ".join(words)
            if text and text != last_line:
                kept.append(text)
                last_line = text
        if kept:
            cleaned.append(Cue(" ".join(kept), cue.start_seconds, cue.end_seconds))
    return cleaned


def _read_text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise InvalidCaptions(f"The captions {path.name} are a folder or a device, not a file.")
        with path.open("rb") as file:
            raw = file.read(MAX_SIZE_BYTES + 1)
        if len(raw) > MAX_SIZE_BYTES:
            raise InvalidCaptions(f"The captions {path.name} are larger than any pitch needs.")
    except OSError as error:
        reason = (error.strerror or "no answer").lower()
        raise InvalidCaptions(f"The captions {path.name} cannot be read: {reason}.") from error
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidCaptions(
            f"The captions {path.name} are not text in UTF-8 or UTF-16; save them as UTF-8."
        ) from error
    if "\x00" in text:
        raise InvalidCaptions(f"The captions {path.name} are a binary file, not text.")
    return text


def _parse(text: str, path: Path) -> list[Cue]:
    if not text.lstrip().startswith("WEBVTT") and "-->" not in text:
        if path.suffix.lower() in SUFFIXES and text.strip():
            raise InvalidCaptions(
                f"The captions {path.name} hold no cue times; name a text without times .txt."
            )
        return [Cue(line) for line in text.splitlines() if line.strip()]

    import pysubs2

    file_format = "vtt" if text.lstrip().startswith("WEBVTT") else "srt"
    try:
        events = pysubs2.SSAFile.from_string(text, format_=file_format).events
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise InvalidCaptions(f"The captions {path.name} are damaged: {error}.") from error
    cues = [Cue(e.plaintext, e.start / 1000, e.end / 1000) for e in events if e.end > e.start]
    if any("-->" in cue.text for cue in cues):
        raise InvalidCaptions(f"The captions {path.name} are damaged: a cue has no readable time.")
    return sorted(cues, key=lambda cue: cue.start_seconds or 0.0)

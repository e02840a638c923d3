"""Captions that a person or a program wrote: a file is found, read, and cleaned into cues.

The formats are in `media.captions`: WebVTT, SubRip, SubViewer, SubStation, TTML, and plain text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pitchquest_assets.errors import InvalidCaptions
from pitchquest_assets.media.captions.cue import CannotRead, Cue
from pitchquest_assets.media.captions.formats import SUFFIXES, check_suffix, parse
from pitchquest_assets.media.captions.repeats import Shown, without_repeats
from pitchquest_assets.media.captions.speaker_names import without_names
from pitchquest_assets.media.captions.spoken_text import spoken_lines
from pitchquest_assets.media.clock import EDGE_SECONDS, Clock
from pitchquest_assets.model import SourceVideo

__all__ = [
    "MAX_SIZE_BYTES",
    "SUFFIXES",
    "Cue",
    "beside",
    "clean_cues",
    "mend_cues",
    "read_captions",
]

# The captions of an hour take about 100 kB; automatic ones with a time for each word, 500 kB.
MAX_SIZE_BYTES = 1_000_000
# A script of an hour in one line has about 60,000.
MAX_LINE_CHARACTERS = 100_000
MILLISECOND = Fraction(1, 1000)
# Nothing so long is a word, and a language without blanks between words has line breaks.
MAX_WORD_CHARACTERS = 1_000


def beside(video: Path) -> Path | None:
    """Return the caption file beside a video: its name with a suffix of captions; None without.

    The suffix is in lower or upper case; .vtt comes before .srt, and both before the others.
    """
    endings = (ending for suffix in SUFFIXES for ending in (suffix, suffix.upper()))
    candidates = (video.with_suffix(ending) for ending in endings)
    return next((path for path in candidates if path.is_file()), None)


def read_captions(path: Path) -> list[Cue]:
    """Read the cues of a caption file, ordered by time.

    Raises:
        InvalidCaptions: the file is missing, too large, not text, in a format that is not read,
            damaged, or has no words.
    """
    try:
        check_suffix(path.suffix)
        text = _read_text(path)
        if max(map(len, text.split("\n"))) > MAX_LINE_CHARACTERS:
            raise CannotRead(f"have a line of more than {MAX_LINE_CHARACTERS} characters; break it")
        cues = parse(text, path.suffix)
        cues = clean_cues(sorted(cues, key=lambda cue: cue.start_seconds or 0.0))
        if not cues:
            raise CannotRead("hold no words; give a .vtt, .srt or plain-text file")
        if any(len(word) > MAX_WORD_CHARACTERS for cue in cues for word in cue.text.split()):
            raise CannotRead(f"are damaged: a word has more than {MAX_WORD_CHARACTERS} characters")
    except CannotRead as error:
        raise InvalidCaptions(f"The captions {path.name} {error}.") from error
    return cues


def clean_cues(cues: Iterable[Cue]) -> list[Cue]:
    """Remove markup, sound labels, speakers' names and what captions show twice.

    Args:
        cues: in the order of their times; a newline in a text is one on the screen.
    """
    cues = list(cues)
    captions = without_names([spoken_lines(cue.text) for cue in cues])
    shown = [
        Shown(lines, cue.start_seconds, cue.end_seconds)
        for lines, cue in zip(captions, cues, strict=True)
        if lines
    ]
    return without_repeats(shown)


def mend_cues(cues: Sequence[Cue], source: SourceVideo) -> list[Cue]:
    """Return the cues of a caption file on the mended clock of its video.

    Captions that were made by watching the file count the gaps of its clock, too; they end later
    than the video does. Those made after an upload mostly don't.
    """
    last = max((cue.end_seconds or 0.0 for cue in cues), default=0.0)
    if last <= source.duration_seconds + EDGE_SECONDS:
        return list(cues)
    clock = Clock(source.clock, MILLISECOND, Fraction(0))
    mended = []
    for cue in cues:
        if cue.start_seconds is None or cue.end_seconds is None:
            continue
        start = clock.mend(round(cue.start_seconds / MILLISECOND))
        if start is not None:
            at = float(start * MILLISECOND)
            end = at + cue.end_seconds - cue.start_seconds
            mended.append(replace(cue, start_seconds=at, end_seconds=end))
    return mended


def _read_text(path: Path) -> str:
    """The file's text, its lines ended by newlines, without byte order marks."""
    try:
        if path.exists() and not path.is_file():
            raise CannotRead("are a folder or a device, not a file")
        with path.open("rb") as file:
            raw = file.read(MAX_SIZE_BYTES + 1)
    except OSError as error:
        raise CannotRead(f"cannot be read: {(error.strerror or 'no answer').lower()}") from error
    if len(raw) > MAX_SIZE_BYTES:
        limit = f"{MAX_SIZE_BYTES // 1_000_000} MB"
        raise CannotRead(f"are larger than {limit}, and those of any pitch are smaller")
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise CannotRead("are not text in UTF-8 or UTF-16; save them as UTF-8") from error
    if "\x00" in text:
        raise CannotRead("are a binary file, not text")
    # "\r\r\n" is what a line end becomes that was converted twice.
    text = text.replace("\ufeff", "").replace("\r\r\n", "\n").replace("\r\n", "\n")
    return text.replace("\r", "\n")

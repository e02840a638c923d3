"""Which format a text is in: by what it holds, and by its name only where that leaves a doubt."""

import re

from pitchquest_assets.media.captions.cue import CannotRead, Cue
from pitchquest_assets.media.captions.sbv import is_sbv, parse_sbv
from pitchquest_assets.media.captions.subrip import parse_subrip
from pitchquest_assets.media.captions.substation import parse_substation
from pitchquest_assets.media.captions.times import has_cue_times
from pitchquest_assets.media.captions.ttml import parse_ttml
from pitchquest_assets.media.captions.webvtt import parse_webvtt

# In the order in which a file beside the video is looked for.
SUFFIXES = (".vtt", ".srt", ".sbv", ".ttml", ".dfxp", ".ass", ".ssa")

_UNREAD_SUFFIXES = {
    ".smi": "SAMI",
    ".sami": "SAMI",
    ".sub": "MicroDVD or VobSub",
    ".scc": "Scenarist (SCC)",
    ".stl": "EBU STL",
    ".lrc": "LRC",
    ".sup": "Blu-ray PGS",
    ".json": "JSON",
    ".rtf": "RTF",
    ".doc": "Word",
    ".docx": "Word",
    ".odt": "OpenDocument",
    ".pdf": "PDF",
    ".html": "HTML",
}
_UNREAD_STARTS = {
    "SAMI": re.compile(r"<sami\b", re.IGNORECASE),
    "HTML": re.compile(r"<(?:!doctype html|html)\b", re.IGNORECASE),
    "RTF": re.compile(r"\{\\rtf"),
    "PDF": re.compile(r"%PDF-"),
    "Scenarist (SCC)": re.compile(r"Scenarist_SCC"),
    "MicroDVD": re.compile(r"\{\d{1,9}\}\{\d{1,9}\}"),
    "LRC": re.compile(r"\[(?:ti|ar|al|by|length|offset|re|ve):|\[\d{1,3}:\d\d\.\d{2,3}\]"),
    "JSON": re.compile(r"[\[{]\s{0,99}(?:\{\s{0,99})?\"\w{1,99}\"\s{0,9}:"),
}
_XML = re.compile(r"<\?xml\b|<(?:\w{1,20}:)?tt[\s>]")
_SUBSTATION = re.compile(r"\[Script Info\]|\[V4\+? Styles\]|\[Events\]", re.IGNORECASE)


def check_suffix(suffix: str) -> None:
    """Refuse a file whose name says that it is in a format that is not read.

    Raises:
        CannotRead: it is; the message names the format.
    """
    if name := _UNREAD_SUFFIXES.get(suffix.lower()):
        raise _unread(name)


def parse(text: str, suffix: str) -> list[Cue]:
    """Return the cues of a text, in the order of the file; a plain text gives one per line.

    Args:
        text: lines end in newlines.
        suffix: that of the file's name.

    Raises:
        CannotRead: it is damaged, in a format that is not read, or has no times and a name that
            says it should have.
    """
    start = text.lstrip()
    if start.startswith("WEBVTT"):
        return parse_webvtt(text)
    if _XML.match(start):
        return parse_ttml(start)
    if _SUBSTATION.match(start):
        return parse_substation(text)
    for name, pattern in _UNREAD_STARTS.items():
        if pattern.match(start):
            raise _unread(name)
    lines = text.split("\n")
    if any(map(has_cue_times, lines)):
        return parse_webvtt(text) if suffix.lower() == ".vtt" else parse_subrip(text)
    if is_sbv(start.partition("\n")[0]):
        return parse_sbv(text)
    if suffix.lower() in SUFFIXES and start:
        raise CannotRead("hold no cue times; name a text without times .txt")
    return [Cue(line) for line in lines if line.strip()]


def _unread(name: str) -> CannotRead:
    return CannotRead(f"are in the format {name}, which is not read; convert them to WebVTT or SRT")

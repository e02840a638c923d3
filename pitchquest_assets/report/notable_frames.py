"""The notable frames, as data: URLs with captions."""

import base64
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from pitchquest_assets.model import Event, Frames, VisualAnalysis
from pitchquest_assets.report.formatting import events_of

MAX_PICTURES = 8
# Base64 adds a third, so the whole page stays below 1.5 MB.
MAX_PICTURES_BYTES = 800_000
JPEG_START = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Picture:
    """One frame: its JPEG as base64, its time, and what it shows."""

    base64: str
    time_seconds: float
    caption: str


def pictures_of(visual: VisualAnalysis, frames: Frames | None) -> tuple[Picture, ...]:
    """Return the notable frames in order of time; names missing from `frames` are left out."""
    if frames is None or not frames.payload:
        return ()
    times = {frame.name: frame.time_seconds for frame in frames.frames}
    names = [name for name in dict.fromkeys(visual.notable_frames) if name in times]
    pictures, room = [], MAX_PICTURES_BYTES
    for name, jpeg in _jpegs(frames.payload, names[:MAX_PICTURES]):
        if len(jpeg) > room:
            continue
        room -= len(jpeg)
        caption = _caption(times[name], visual.events, frames.spacing_seconds)
        pictures.append(Picture(base64.b64encode(jpeg).decode(), times[name], caption))
    return tuple(sorted(pictures, key=lambda picture: picture.time_seconds))


def _jpegs(archive: bytes, names: Sequence[str]) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            held = set(opened.namelist())
            found = [(name, opened.read(name)) for name in names if name in held]
    except zipfile.BadZipFile:
        return []
    return [(name, jpeg) for name, jpeg in found if jpeg.startswith(JPEG_START)]


def _caption(time_seconds: float, events: Sequence[Event], spacing_seconds: float) -> str:
    """The kinds of events at this time, if any."""
    reach = spacing_seconds / 2
    kinds = dict.fromkeys(
        events_of(event.kind)
        for event in events
        if event.start_seconds - reach <= time_seconds <= event.end_seconds + reach
    )
    return ", ".join(kinds)

"""Whether a file was cut short: its streams end earlier than its header says."""

import re
from collections.abc import Sequence
from fractions import Fraction

import av
from av.container import InputContainer
from av.stream import Stream

from pitchquest_assets.media.streams import clock_zero, time_base

CUT_SHORT_SECONDS = 0.5
# A tag that Matroska's writers give each track; it counts from zero, not from the first packet.
MATROSKA_DURATION = re.compile(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)")


def cut_short(
    container: InputContainer,
    used: Sequence[Stream],
    filename: str,
    *,
    seconds: float,
    last_seconds: float,
) -> list[str]:
    """Return a warning if the header claims that the streams end later than they do; else none.

    Args:
        used: the streams that are analysed; others may go on for longer.
        seconds: how much of them there is.
        last_seconds: when they end by the file's own clock, from its start.
    """
    missing = _claimed_end(container, used) - last_seconds
    if missing < CUT_SHORT_SECONDS:
        return []
    return [
        f"{filename} claims {seconds + missing:.1f} s but only {seconds:.1f} s could be decoded: "
        "it was probably cut short, so upload it again if more is wanted."
    ]


def _claimed_end(container: InputContainer, used: Sequence[Stream]) -> float:
    """When the streams end by the header, in seconds from the file's start."""
    zero = clock_zero(container)
    ends = [end for end in map(_claimed_by, used) if end is not None]
    if ends:
        return float(max(ends) - zero)
    # This duration is that of all tracks, and subtitles may go on for longer.
    if len(container.streams) > len(used) or container.duration is None:
        return 0.0
    return float(Fraction(container.duration, av.time_base) - zero)


def _claimed_by(stream: Stream) -> Fraction | None:
    """When a stream ends by the header, in seconds of its timestamps."""
    if stream.duration and stream.start_time is not None:
        return (stream.start_time + stream.duration) * time_base(stream)
    found = MATROSKA_DURATION.fullmatch(stream.metadata.get("DURATION", ""))
    if found is None:
        return None
    hours, minutes, seconds = map(Fraction, found.groups())
    return 3600 * hours + 60 * minutes + seconds

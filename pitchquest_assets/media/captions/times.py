"""The line with a cue's times, as WebVTT and SubRip have it."""

import re

from pitchquest_assets.media.captions.cue import CannotRead, Times, times_of

# Blanks, a missing hour and a comma or a dot are all met in files of either format.
_TIME = (
    r"(?:(\d{1,4})[ \t]{0,3}:[ \t]{0,3})?(\d{1,3})[ \t]{0,3}:[ \t]{0,3}(\d{1,2})"
    r"(?:[ \t]{0,3}[.,][ \t]{0,3}(\d{1,9}))?"
)
_CUE_TIMES = re.compile(rf"[ \t]{{0,20}}{_TIME}[ \t]{{0,9}}(-{{1,3}}>)[ \t]{{0,9}}{_TIME}(?!\d)")
_CLOCK = re.compile(r"\d\s?:\s?\d")
_SHOWN_CHARACTERS = 40


def cue_times(line: str, number: int) -> Times | None:
    """Return the times that a line holds; None if it is another line.

    Args:
        number: that of the line, counted from 1, for the message.

    Raises:
        CannotRead: it has an arrow and something like a time, but no two times.
    """
    if "->" not in line:
        return None
    match = _CUE_TIMES.match(line)
    if match:
        *start, arrow, hours, minutes, seconds, fraction = match.groups()
        # "10:30 -> 11:00" may be words; the arrow of the formats is "-->".
        if len(arrow) > 2 or (start[3] and fraction):
            return times_of(_seconds(*start), _seconds(hours, minutes, seconds, fraction))
    if "-->" in line and _CLOCK.search(line):
        shown = line.strip()[:_SHOWN_CHARACTERS]
        raise CannotRead(f"are damaged: line {number} ({shown!r}) has no readable time")
    return None


def has_cue_times(line: str) -> bool:
    """Whether a line holds a cue's times, readable or not."""
    try:
        return cue_times(line, 1) is not None
    except CannotRead:
        return True


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + float(f"0.{fraction or 0}")

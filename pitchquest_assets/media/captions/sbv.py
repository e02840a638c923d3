"""SubViewer as YouTube writes it (.sbv): https://support.google.com/youtube/answer/2734698."""

import re

from pitchquest_assets.media.captions.cue import Cue, Times, times_of

_CLOCK = r"(\d{1,3}):(\d{1,2}):(\d{1,2}\.\d{1,3})"
_TIMES = re.compile(rf"\s{{0,9}}{_CLOCK}\s{{0,3}},\s{{0,3}}{_CLOCK}\s{{0,9}}$")


def is_sbv(first_line: str) -> bool:
    """Whether the first line of a text is that of an .sbv file: two times and a comma."""
    return _TIMES.match(first_line) is not None


def parse_sbv(text: str) -> list[Cue]:
    """Return the cues of an .sbv text, in the order of the file."""
    cues: list[tuple[Times, list[str]]] = []
    for line in text.split("\n"):
        if match := _TIMES.match(line):
            first, last = match.groups()[:3], match.groups()[3:]
            cues.append((times_of(_seconds(*first), _seconds(*last)), []))
        elif cues:
            cues[-1][1].extend(line.split("[br]"))
    return [times.cue("\n".join(lines)) for times, lines in cues]


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)

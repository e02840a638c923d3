"""SubRip (.srt), which has no standard; see https://www.matroska.org/technical/subtitles.html."""

from pitchquest_assets.media.captions.cue import Cue, Times
from pitchquest_assets.media.captions.times import cue_times

# Python refuses to convert thousands of digits, and no file has a billion captions.
_COUNTER_DIGITS = 9


def parse_subrip(text: str) -> list[Cue]:
    """Return the cues of a SubRip text, their text with its tags, in the order of the file.

    A cue is the lines from its times to the next cue's counter or times; an empty line does not end
    it. A number is a counter if it stands right before times and the first cue has one too, so a
    caption that is only a number stays.

    Raises:
        CannotRead: a cue has no readable time.
    """
    cues: list[tuple[Times, list[str]]] = []
    shown: list[str] = []  # before the first cue, only its counter is of use
    counter: int | None = None
    for number, line in enumerate(text.split("\n"), 1):
        times = cue_times(line, number)
        if times is None:
            shown.append(line.strip())
            continue
        if not cues or counter is not None:
            counter = _take_counter(shown, counter)
        shown = []
        cues.append((times, shown))
    return [times.cue("\n".join(lines)) for times, lines in cues]


def _take_counter(lines: list[str], before: int | None) -> int | None:
    """Remove the next cue's counter from the end of the lines, and return it.

    Where it is missing, the counter of the cue before is returned, so the next may still have one.
    """
    last = next((i for i in range(len(lines) - 1, -1, -1) if lines[i]), None)
    if last is None or len(lines[last]) > _COUNTER_DIGITS or not lines[last].isdecimal():
        return before
    counter = int(lines[last])
    # Files with an empty line after every line have one after the counter as well.
    if last == len(lines) - 1 or before is None or counter == before + 1:
        del lines[last:]
        return counter
    return before

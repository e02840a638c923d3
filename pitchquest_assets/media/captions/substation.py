"""SubStation Alpha (.ssa, .ass): the spoken text of its events, without styles.

The format is described by its own programs only: http://www.tcax.org/docs/ass-specs.htm.
"""

import re

from pitchquest_assets.media.captions.cue import CannotRead, Cue, times_of

_OVERRIDE = re.compile(r"(\{[^{}]*\})")
_DRAWING = re.compile(r"\\p(\d)")
_TIME = re.compile(r"\s{0,9}(\d{1,3}):(\d{1,2}):(\d{1,2}(?:[.,:]\d{1,3})?)\s{0,9}$")
_FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect"]
_MAX_FIELDS = 30


def parse_substation(text: str) -> list[Cue]:
    """Return the dialogue of an .ass or .ssa text, in the order of the file.

    Raises:
        CannotRead: a line of dialogue has no readable time.
    """
    cues = []
    fields = [*_FIELDS, "text"]
    for number, line in enumerate(text.split("\n"), 1):
        kind, _, rest = line.partition(":")
        if kind.strip() == "Format" and "text" in rest.lower():
            fields = [name.strip().lower() for name in rest.split(",", _MAX_FIELDS)]
        elif kind.strip() == "Dialogue":
            values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
            times = [_TIME.match(values.get(name, "")) for name in ("start", "end")]
            if not all(times):
                raise CannotRead(f"are damaged: line {number} has no readable time")
            start, end = (_seconds(*match.groups()) for match in times if match)
            cues.append(times_of(start, end).cue(plain_text(values.get("text", ""))))
    return cues


def plain_text(text: str) -> str:
    """Return the text of one event without its override codes and drawings, lines by newlines."""
    kept = []
    is_drawing = False
    for part in _OVERRIDE.split(text):
        if _OVERRIDE.fullmatch(part):
            if scales := _DRAWING.findall(part):
                is_drawing = scales[-1] != "0"
        elif not is_drawing:
            kept.append(part)
    return "".join(kept).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(re.sub("[,:]", ".", seconds))

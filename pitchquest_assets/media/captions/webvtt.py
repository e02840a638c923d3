"""WebVTT, as https://www.w3.org/TR/webvtt1/ has it (section 6.1, "WebVTT file parsing")."""

from pitchquest_assets.media.captions.cue import Cue, Times
from pitchquest_assets.media.captions.times import cue_times


def parse_webvtt(text: str) -> list[Cue]:
    """Return the cues of a WebVTT text, their text with its tags, in the order of the file.

    A cue is the lines from its times to the next empty line. Whatever stands between cues is not
    spoken: the header, identifiers, NOTE, STYLE and REGION.

    Raises:
        CannotRead: a cue has no readable time.
    """
    cues: list[tuple[Times, list[str]]] = []
    shown: list[str] | None = None  # the lines of the cue that is being read
    for number, line in enumerate(text.split("\n"), 1):
        if times := cue_times(line, number):
            _drop_identifier(shown)
            shown = []
            cues.append((times, shown))
        elif not line:
            shown = None
        elif shown is not None:
            shown.append(line)
    return [times.cue("\n".join(lines)) for times, lines in cues]


def _drop_identifier(shown: list[str] | None) -> None:
    """Remove the next cue's identifier, where the line before it holds blanks and is not empty."""
    if shown and len(shown) > 1 and not shown[-2].strip():
        del shown[-1]

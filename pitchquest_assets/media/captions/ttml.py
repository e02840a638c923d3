"""TTML (.ttml, .dfxp): the paragraphs of https://www.w3.org/TR/ttml2/ and their times.

The parser is expat, which reads in one pass. A document type is refused, so no entity can be
declared, and none is expanded.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from pitchquest_assets.media.captions.cue import CannotRead, Cue, times_of

_CLOCK_TIME = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)(?::(\d{1,4}))?$")
_OFFSET_TIME = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|m|s|ms|f|t)$")
_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_FRAMES_PER_SECOND = 30.0
_MAX_DEPTH = 100
# Their text is not part of the captions.
_HIDDEN = {"head", "metadata", "rt"}


def parse_ttml(text: str) -> list[Cue]:
    """Return the timed paragraphs of a TTML text, in the order of the file.

    A time counts from the start of the element around it, as the standard has it; a paragraph
    without a time of its own has those of its spans, or of the element around it.

    Raises:
        CannotRead: it is no well-formed XML, no TTML, has a document type, or an unreadable time.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise CannotRead(f"are damaged: {error}") from error
    return reader.cues


@dataclass
class _Element:
    name: str
    begin_seconds: float
    end_seconds: float | None
    is_timed: bool


@dataclass
class _Paragraph:
    """A paragraph that is being read: its text, and the times of its spans."""

    text: list[str] = field(default_factory=list)
    spans: list[tuple[float, float | None]] = field(default_factory=list)


class _Reader:
    """Takes the parser's events; `cues` holds the paragraphs that are complete."""

    def __init__(self) -> None:
        self.cues: list[Cue] = []
        self._open: list[_Element] = []
        self._hidden = 0
        self._paragraph: _Paragraph | None = None
        self._frame_rate = _FRAMES_PER_SECOND
        self._tick_rate = 1.0

    def refuse_doctype(self, *_: object) -> None:
        raise CannotRead("have a document type, which no captions need: remove it")

    def start(self, tag: str, given: dict[str, str]) -> None:
        name = _local(tag)
        if not self._open:
            self._root(name, {_local(key): value for key, value in given.items()})
        elif len(self._open) >= _MAX_DEPTH:
            raise CannotRead("are damaged: their elements are nested too deep")
        element = self._element(name, given)
        self._open.append(element)
        self._hidden += name in _HIDDEN
        if name == "p":
            self._paragraph = _Paragraph()
        elif self._paragraph and name == "br":
            self._paragraph.text.append("\n")
        elif self._paragraph and element.is_timed:
            self._paragraph.spans.append((element.begin_seconds, element.end_seconds))

    def end(self, tag: str) -> None:
        element = self._open.pop()
        self._hidden -= element.name in _HIDDEN
        if element.name == "p" and self._paragraph:
            self._finish(element, self._paragraph)
            self._paragraph = None

    def data(self, text: str) -> None:
        if self._paragraph and not self._hidden:
            # Line breaks of the file are blanks; those of the captions are <br/>.
            self._paragraph.text.append(re.sub(r"\s", " ", text))

    def _element(self, name: str, given: dict[str, str]) -> _Element:
        """The element with its times, which count from the start of the one around it."""
        around = self._open[-1] if self._open else _Element("", 0.0, None, False)
        begin = end = around.begin_seconds
        if "begin" in given:
            begin += self._seconds(given["begin"])
        if "end" in given:
            end += self._seconds(given["end"])
        elif "dur" in given:
            end = begin + self._seconds(given["dur"])
        has_end = "end" in given or "dur" in given
        return _Element(name, begin, end if has_end else around.end_seconds, "begin" in given)

    def _finish(self, element: _Element, paragraph: _Paragraph) -> None:
        start, end = element.begin_seconds, element.end_seconds
        if paragraph.spans and not element.is_timed:
            start = min(begin for begin, _ in paragraph.spans)
            end = max((until for _, until in paragraph.spans if until is not None), default=end)
        text = "".join(paragraph.text)
        if end is None and not start:
            self.cues.append(Cue(text))
        else:
            self.cues.append(times_of(start, start if end is None else end).cue(text))

    def _root(self, name: str, given: dict[str, str]) -> None:
        if name != "tt":
            raise CannotRead(
                "are XML, but not TTML (its root is <tt>); convert them to WebVTT or SubRip"
            )
        if "frameRate" in given:
            self._frame_rate = self._tick_rate = _positive(given["frameRate"])
        if "frameRateMultiplier" in given:
            up, down, *_ = [*given["frameRateMultiplier"].split(), "1", "1"]
            self._frame_rate *= _positive(up) / _positive(down)
        if "tickRate" in given:
            self._tick_rate = _positive(given["tickRate"])

    def _seconds(self, time: str) -> float:
        time = time.strip()
        if match := _CLOCK_TIME.match(time):
            hours, minutes, seconds, frames = match.groups()
            whole = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            return whole + int(frames or 0) / self._frame_rate
        if match := _OFFSET_TIME.match(time):
            units = _UNIT_SECONDS | {"f": 1 / self._frame_rate, "t": 1 / self._tick_rate}
            return float(match[1]) * units[match[2]]
        raise CannotRead(f"are damaged: {time[:40]!r} is no time of TTML")


def _local(tag: str) -> str:
    """The name without its prefix; the namespace differs between the drafts."""
    return tag.rsplit(":", 1)[-1]


def _positive(number: str) -> float:
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", number.strip()) and float(number) > 0:
        return float(number)
    raise CannotRead(f"are damaged: {number[:40]!r} is no rate of TTML")

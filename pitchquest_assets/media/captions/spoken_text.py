"""The spoken words of one caption: no markup, no labels of sounds, no marks of a speaker."""

import html
import re

# Each stops at the next opening mark, so no character is read twice from different starts.
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.,]*>|</>")
_LINE_BREAK = re.compile(r"<br\s{0,9}/?>", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{(?:\\|[a-zA-Z]:|/?[biusBIUS](?=\}))[^{}]*\}")
# Python refuses numbers of thousands of digits; those stay as they are.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_SQUARE = re.compile(r"\[[^\[\]]*\]|【[^【】]*】")
_ASIDE = re.compile(r"\([^()]*\)|（[^（）]*）|\*[^*]*\*|[♪♫♬♩][^♪♫♬♩]*[♪♫♬♩]")
_ONLY_ASIDE = re.compile(rf"[\s>–—-]*+(?:{_ASIDE.pattern})[\s.…]*+")
_NOTES = re.compile(r"[♪♫♬♩]+")
# What an aside in the middle of a line must name to count as a sound: "(by 40 percent)" is spoken.
_SOUND = re.compile(
    r"\b(?:applause|applauds?|applauding|clap(?:s|ping)|cheer(?:s|ing)|laugh(?:s|ing|ter)"
    r"|(?:chuckl|giggl|sneez|inhal|exhal|breath|whoosh|groan)(?:s|es|ing)|music|sing(?:s|ing)"
    r"|hum(?:s|ming)|silence|pauses?|(?:sigh|gasp|cough|sniff|beep|buzz|click|knock)(?:s|ing)"
    r"|clears throat|inaudible|unintelligible|indistinct|crosstalk|chatter(?:ing)?|ringing"
    r"|footsteps|typing|(?:whisper|shout|scream|murmur)(?:s|ing)|off[ -]screen|voice[ -]?over)\b",
    re.IGNORECASE,
)
_MAX_LABEL_CHARACTERS = 60
# A colon is left where a name in brackets was.
_SPEAKER_MARK = re.compile(r"\s*(?:>>+|[-–—•](?!\d)|:(?=\s))\s*")


def spoken_lines(text: str) -> list[str]:
    """Return the spoken words of a caption, line by line; [] if there are none.

    Labels in square brackets go. Those in round brackets, stars or music notes go where they stand
    alone on their line or name a sound.
    """
    lines = (_unmarked(line) for line in _unlabelled(_plain(text)))
    return [" ".join(words) for line in lines if (words := line.split())]


def _plain(text: str) -> str:
    text = _TAG.sub("", _LINE_BREAK.sub("\n", text))
    return _ENTITY.sub(lambda match: html.unescape(match[0]), _OVERRIDE.sub("", text))


def _unlabelled(text: str) -> list[str]:
    """The lines without labels; a label may extend over several lines."""
    for _ in range(2):  # brackets inside brackets
        text = _SQUARE.sub(" ", text)
    if _ONLY_ASIDE.fullmatch(text):
        return []
    lines = [line for line in text.split("\n") if not _ONLY_ASIDE.fullmatch(line)]
    text = _ASIDE.sub(_unless_sound, "\n".join(lines))
    return _NOTES.sub(" ", text).split("\n")


def _unless_sound(match: re.Match[str]) -> str:
    aside = match[0]
    if len(aside) <= _MAX_LABEL_CHARACTERS and _SOUND.search(aside):
        return " "
    return aside.strip("*")  # an emphasis


def _unmarked(line: str) -> str:
    mark = _SPEAKER_MARK.match(line)
    return line[mark.end() :] if mark else line

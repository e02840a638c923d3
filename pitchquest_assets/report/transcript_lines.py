"""Splits the transcript into readable lines, with uncertain words and fillers marked.

A hesitation that was heard, but not transcribed, is shown between the words.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pitchquest_assets.model import Event, Word
from pitchquest_assets.report.formatting import percent

UNSURE_BELOW_PROBABILITY = 0.5
LINE_PAUSE_SECONDS = 0.9
LINE_SOFT_WORDS = 14
LINE_HARD_WORDS = 26
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
CLAUSE_ENDS = (",", ";", ":", "–", "—")
CLOSERS = "\"'”’)]»"

HESITATION = "[hesitation]"

Kind = Literal["plain", "unsure", "filler", "unwritten"]


@dataclass(frozen=True)
class Run:
    """Neighbouring words that are shown alike."""

    kind: Kind
    text: str
    title: str = ""


@dataclass(frozen=True)
class Line:
    """A sentence, or a part of one."""

    start_seconds: float
    end_seconds: float
    runs: tuple[Run, ...]


def lines_of(words: Sequence[Word], events: Sequence[Event]) -> tuple[Line, ...]:
    """Split the words into lines: after sentences and pauses, and after clauses in long ones."""
    kinds = _kinds(words, events)
    words = list(words)
    for event in events:
        if event.kind == "filler" and not event.transcribed:
            at = bisect(words, _middle(event), key=_middle)
            words.insert(at, _word_for(event))
            kinds.insert(at, "unwritten")
    return tuple(_line(words[part], kinds[part]) for part in _breaks(words))


def _word_for(event: Event) -> Word:
    return Word(
        text=HESITATION,
        start_seconds=event.start_seconds,
        end_seconds=event.end_seconds,
        probability=1.0,
    )


def _middle(one: Event | Word) -> float:
    return (one.start_seconds + one.end_seconds) / 2


def _breaks(words: Sequence[Word]) -> Iterator[slice]:
    start = 0
    for index, word in enumerate(words):
        length = index + 1 - start
        text = word.text.rstrip(CLOSERS)
        last = index + 1 == len(words)
        pause = 0.0 if last else words[index + 1].start_seconds - word.end_seconds
        if (
            last
            or text.endswith(SENTENCE_ENDS)
            or pause >= LINE_PAUSE_SECONDS
            or (length >= LINE_SOFT_WORDS and text.endswith(CLAUSE_ENDS))
            or length >= LINE_HARD_WORDS
        ):
            yield slice(start, index + 1)
            start = index + 1


def _kinds(words: Sequence[Word], events: Sequence[Event]) -> list[Kind]:
    """The kind of each word; a filler is a word whose middle is inside a filler event."""
    fillers = sorted(
        (event.start_seconds, event.end_seconds)
        for event in events
        if event.kind == "filler" and event.transcribed
    )
    kinds: list[Kind] = []
    at = 0
    for word in words:
        middle = _middle(word)
        while at < len(fillers) and fillers[at][1] < middle:
            at += 1
        if at < len(fillers) and fillers[at][0] <= middle:
            kinds.append("filler")
        else:
            unsure = word.probability < UNSURE_BELOW_PROBABILITY
            kinds.append("unsure" if unsure else "plain")
    return kinds


def _line(words: Sequence[Word], kinds: Sequence[Kind]) -> Line:
    runs = []
    for kind, pairs in groupby(zip(kinds, words, strict=True), key=lambda pair: pair[0]):
        together = [word for _, word in pairs]
        title = ""
        if kind == "unsure":
            title = f"{percent(min(word.probability for word in together))} sure"
        runs.append(Run(kind, " ".join(word.text for word in together), title))
    return Line(words[0].start_seconds, words[-1].end_seconds, tuple(runs))

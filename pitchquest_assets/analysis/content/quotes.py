"""Looks up a quote in the transcript: was it really said, and when?"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from pitchquest_assets.analysis.content.sentences import plain
from pitchquest_assets.model import Evidence, Word

# Out of 100: about one letter in ten may differ, so a corrected ending passes, but a different word
# in a short quote does not (derived). Negations and numbers must always be the same.
MIN_LIKENESS = 90.0
# Fewer words can be found in almost any text.
MIN_WORDS = 3
# How many words around a match to search for the passage's ends.
EDGE_WORDS = 3

_OMISSION = re.compile(r"\.{3}|…|\[[^\[\]]*\]")
# Captions may omit the apostrophe.
_NOT = re.compile(
    r"\b(do|does|did|is|are|was|were|have|has|had|ca|wo|would|could|should|must|need|ai)n'?t\b"
    r"|\bcannot\b"
)
_NUMERAL = re.compile(r"\d[\d,]*(?:\.\d+)?(?:st|nd|rd|th)?")
_NEGATIONS = frozenset(
    "not no never none nobody nothing nowhere neither nor without hardly barely".split()
)
_NUMBERS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand million billion trillion dozen hundreds thousands millions billions half "
    "twice double triple first third fourth fifth sixth seventh eighth ninth tenth".split()
)


def find_quote(quote: str, words: Sequence[Word]) -> Evidence | None:
    """Find the passage that is quoted; return it in the transcript's own words, with its second.

    A quote with omissions (…) is found if all of its pieces are, in order; single words between
    omissions are ignored.

    Returns:
        None if the quote is not in the transcript, has other negations or numbers, or has no piece
        that is long enough to be evidence.
    """
    pieces = [plain(piece) for piece in _OMISSION.split(quote)]
    pieces = [piece for piece in pieces if len(piece.split()) >= MIN_WORDS]
    if not pieces:
        return None
    spans: list[tuple[int, int]] = []
    for piece in pieces:
        first = spans[-1][1] if spans else 0
        span = _find(piece, words, first)
        if span is None or _claims(piece) != _claims(_text(words, span)):
            return None
        spans.append(span)
    passages = [_text(words, span) for span in spans]
    return Evidence(quote=" … ".join(passages), time_seconds=words[spans[0][0]].start_seconds)


def _find(piece: str, words: Sequence[Word], first: int) -> tuple[int, int] | None:
    """The words from `first` on that are most like the piece: start, end (exclusive)."""
    from rapidfuzz import fuzz

    said = [(index, plain(words[index].text)) for index in range(first, len(words))]
    said = [(index, word) for index, word in said if word]
    text = " ".join(word for _, word in said)
    if len(piece) > len(text):
        return (first, len(words)) if fuzz.ratio(piece, text) >= MIN_LIKENESS else None
    found = fuzz.partial_ratio_alignment(piece, text, score_cutoff=MIN_LIKENESS)
    if found is None:
        return None
    # A word counts only if at least half of it is inside the window.
    inside, at = [], 0
    for index, word in said:
        overlap = min(found.dest_end, at + len(word)) - max(found.dest_start, at)
        if 2 * overlap > len(word):
            inside.append(index)
        at += len(word) + 1
    return _fitted(piece, words, inside[0], inside[-1] + 1, first) if inside else None


def _fitted(piece: str, words: Sequence[Word], start: int, end: int, first: int) -> tuple[int, int]:
    """The span near this one that is most like the piece.

    The search window is as long as the piece, so extra words that were said push others out of it.
    """
    from rapidfuzz import fuzz

    starts = range(max(first, start - EDGE_WORDS), min(start + EDGE_WORDS, end - 1) + 1)
    ends = range(max(start + 1, end - EDGE_WORDS), min(end + EDGE_WORDS, len(words)) + 1)
    spans = [(a, b) for a in starts for b in ends if a < b]
    # Among equally good spans, such as one with an "um" at the end, take the shortest.
    return max(
        spans, key=lambda span: (fuzz.ratio(piece, plain(_text(words, span))), span[0] - span[1])
    )


def _text(words: Sequence[Word], span: tuple[int, int]) -> str:
    return " ".join(word.text.strip() for word in words[slice(*span)])


def _claims(text: str) -> list[str]:
    """The negations and numbers of a text, in order and spelled out; repeats count once."""
    text = _NOT.sub(" not ", plain(text))
    text = _NUMERAL.sub(lambda match: _spoken(match[0].replace(",", "")), text)
    spoken = [word for word, _ in groupby(re.findall(r"[a-z]+", text))]
    return [word for word in spoken if word in _NEGATIONS or word in _NUMBERS]


def _spoken(number: str) -> str:
    return f" {_inflect().number_to_words(number)} "


@lru_cache(maxsize=1)
def _inflect() -> Any:
    import inflect

    return inflect.engine()

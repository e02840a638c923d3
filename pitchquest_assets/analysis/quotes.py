"""Whether a quote was really said, and when: its words are looked up in the transcript."""

import re
from collections.abc import Sequence

from pitchquest_assets.analysis.sentences import plain
from pitchquest_assets.model import Evidence, Word

# Of 100: about one letter in ten may differ, so a mended ending or number passes, another word
# in a short quote does not (derived).
MIN_LIKENESS = 90.0
# Fewer words are in almost any text.
MIN_WORDS = 3

_OMISSION = re.compile(r"\.{3}|…|\[[^\]]*\]")


def find_quote(quote: str, words: Sequence[Word]) -> Evidence | None:
    """The passage that the quote is of, in the transcript's own words, and its second.

    A quote with omissions (…) is found where each of its pieces is, in order; single words between
    omissions are left out. None where it is not in the transcript, or no piece is long enough to be
    evidence for anything.
    """
    pieces = [plain(piece) for piece in _OMISSION.split(quote)]
    pieces = [piece for piece in pieces if len(piece.split()) >= MIN_WORDS]
    if not pieces:
        return None
    spans: list[tuple[int, int]] = []
    for piece in pieces:
        first = spans[-1][1] if spans else 0
        span = _find(piece, words, first)
        if span is None:
            return None
        spans.append(span)
    passages = [" ".join(word.text.strip() for word in words[a:b]) for a, b in spans]
    return Evidence(quote=" … ".join(passages), time_seconds=words[spans[0][0]].start_seconds)


def _find(piece: str, words: Sequence[Word], first: int) -> tuple[int, int] | None:
    """Where the words from `first` on are most like the piece: from, to (exclusive)."""
    from rapidfuzz import fuzz

    said = [(index, plain(words[index].text)) for index in range(first, len(words))]
    said = [(index, word) for index, word in said if word]
    text = " ".join(word for _, word in said)
    if len(piece) > len(text):
        return (first, len(words)) if fuzz.ratio(piece, text) >= MIN_LIKENESS else None
    found = fuzz.partial_ratio_alignment(piece, text, score_cutoff=MIN_LIKENESS)
    if found is None:
        return None
    # The window is as long as the piece: a word of which it holds less than half is not of it.
    inside, at = [], 0
    for index, word in said:
        overlap = min(found.dest_end, at + len(word)) - max(found.dest_start, at)
        if 2 * overlap > len(word):
            inside.append(index)
        at += len(word) + 1
    return (inside[0], inside[-1] + 1) if inside else None

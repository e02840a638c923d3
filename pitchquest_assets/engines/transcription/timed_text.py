"""Combines a text with punctuation and bare words with times.

whisper-1 gives both: the text for sentences, and words without punctuation for times.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from rapidfuzz.distance import Indel

from pitchquest_assets.engines.transcription.alignment import AlignedWord, fill_gaps

# With fewer spaces than this, the language does not put spaces between words.
MIN_BLANKS_PER_WORD = 0.5
# Out of 1: "colour" and "color" are the same word, "a" and "at" are not.
MIN_LIKENESS = 0.75
# The most a word of unknown length may take.
MAX_UNHEARD_SECONDS = 0.5

# A part of a word without punctuation, and the index of the written or timed word it belongs to.
Part = tuple[str, int]


def lay_over(text: str, words: Sequence[AlignedWord], duration_seconds: float) -> list[AlignedWord]:
    """Return the words of the text as they are written, each with the time of its match.

    Args:
        text: the written text, with punctuation.
        words: the timed words in order, which are those of the text, give or take a few.
        duration_seconds: that of the sound; words of the text without a match are spread between
            their neighbours, each at most 0.5 s long, with probability 0.
    """
    written = text.split()
    if len(written) < MIN_BLANKS_PER_WORD * len(words):
        return list(words)
    parts, timed = _parts(written), _parts([word.text for word in words])
    matched: list[list[int]] = [[] for _ in written]
    for part, other in _pairs(parts, timed):
        matched[part[1]].append(other[1])
    placed = [
        _joined(word, words[found[0] : found[-1] + 1]) if found else None
        for word, found in zip(written, matched, strict=True)
    ]
    return _with_marks(_spread(written, placed, duration_seconds), matched)


def _parts(words: Sequence[str]) -> list[Part]:
    """Split each word at hyphens and slashes; lower case, without punctuation."""
    return [
        (letters, index)
        for index, word in enumerate(words)
        for part in re.split(r"[-‐‑–—/]", word)
        if (letters := _letters(part))
    ]


def _letters(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum())


def _pairs(parts: Sequence[Part], timed: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """Pair parts that are equal and, between those, nearly equal."""
    matcher = SequenceMatcher(
        a=[letters for letters, _ in parts], b=[letters for letters, _ in timed], autojunk=False
    )
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(parts[a:a_end], timed[b:b_end], strict=True)
        elif tag == "replace":
            yield from _near_pairs(parts[a:a_end], timed[b:b_end])


def _near_pairs(parts: Sequence[Part], timed: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """Pair by letters: words spelt differently, or written as one and heard as two."""
    letters = [(letter, part) for part in parts for letter in part[0]]
    heard = [(letter, part) for part in timed for letter in part[0]]
    found: dict[Part, list[Part]] = {}
    for block in Indel.opcodes([letter for letter, _ in letters], [letter for letter, _ in heard]):
        if block.tag == "equal":
            for (_, part), (_, other) in zip(
                letters[block.src_start : block.src_end],
                heard[block.dest_start : block.dest_end],
                strict=True,
            ):
                found.setdefault(part, []).append(other)
    all_alike = _are_alike(parts, timed)
    for part, others in found.items():
        if all_alike or _are_alike([part], list(dict.fromkeys(others))):
            yield from ((part, other) for other in others)


def _are_alike(parts: Sequence[Part], timed: Sequence[Part]) -> bool:
    texts = ("".join(letters for letters, _ in one) for one in (parts, timed))
    return Indel.normalized_similarity(*texts) >= MIN_LIKENESS


def _joined(text: str, words: Sequence[AlignedWord]) -> AlignedWord:
    return AlignedWord(
        text,
        words[0].start_seconds,
        words[-1].end_seconds,
        sum(word.probability for word in words) / len(words),
    )


def _spread(
    written: Sequence[str], placed: Sequence[AlignedWord | None], duration_seconds: float
) -> list[AlignedWord]:
    """All words; those without a time go between their neighbours, or next to the only one."""
    first, last = 0.0, duration_seconds
    if known := [(index, word) for index, word in enumerate(placed) if word]:
        (leading, start), (index, end) = known[0], known[-1]
        trailing = len(placed) - 1 - index
        first = max(0.0, start.start_seconds - leading * MAX_UNHEARD_SECONDS)
        last = min(duration_seconds, end.end_seconds + trailing * MAX_UNHEARD_SECONDS)
    return [
        word
        if was_placed
        else replace(
            word, end_seconds=min(word.end_seconds, word.start_seconds + MAX_UNHEARD_SECONDS)
        )
        for word, was_placed in zip(fill_gaps(written, placed, first, last), placed, strict=True)
    ]


def _with_marks(
    aligned: Sequence[AlignedWord], matched: Sequence[Sequence[int]]
) -> list[AlignedWord]:
    """Give a punctuation mark on its own, such as a dash, the probability of the word before it."""
    sure: list[AlignedWord] = []
    for word, found in zip(aligned, matched, strict=True):
        if not found and not _letters(word.text) and sure:
            word = AlignedWord(
                word.text, word.start_seconds, word.end_seconds, sure[-1].probability
            )
        sure.append(word)
    return sure

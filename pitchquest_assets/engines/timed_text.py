"""A text with punctuation laid over the bare words that carry its times.

whisper-1 gives both: the text, and words without punctuation. Sentences need the one, seconds the
other.
"""

from collections.abc import Sequence

from rapidfuzz.distance import Indel

from pitchquest_assets.engines.alignment import AlignedWord, fill_gaps

# Where a text has so few blanks, its language writes none between words.
MIN_BLANKS_PER_WORD = 0.5


def lay_over(text: str, words: Sequence[AlignedWord], duration_seconds: float) -> list[AlignedWord]:
    """The words of the text as they are written, each with the time of its letters.

    Args:
        words: in order; their letters are those of the text, give or take a few.
        duration_seconds: of the sound; words of the text without a time are spread between their
            neighbours, with probability 0.
    """
    written = text.split()
    if len(written) < MIN_BLANKS_PER_WORD * len(words):
        return list(words)
    letters = [(letter, index) for index, word in enumerate(written) for letter in _letters(word)]
    timed = [(letter, index) for index, word in enumerate(words) for letter in _letters(word.text)]
    matched: list[list[int]] = [[] for _ in written]
    for block in Indel.opcodes([letter for letter, _ in letters], [letter for letter, _ in timed]):
        if block.tag == "equal":
            for shift in range(block.src_end - block.src_start):
                index = letters[block.src_start + shift][1]
                matched[index].append(timed[block.dest_start + shift][1])
    placed = [
        _joined(word, [words[index] for index in range(found[0], found[-1] + 1)]) if found else None
        for word, found in zip(written, matched, strict=True)
    ]
    return _with_marks(fill_gaps(written, placed, 0.0, duration_seconds), matched)


def _letters(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum())


def _joined(text: str, words: Sequence[AlignedWord]) -> AlignedWord:
    return AlignedWord(
        text,
        words[0].start_seconds,
        words[-1].end_seconds,
        sum(word.probability for word in words) / len(words),
    )


def _with_marks(
    aligned: Sequence[AlignedWord], matched: Sequence[Sequence[int]]
) -> list[AlignedWord]:
    """A mark that stands alone, such as a dash, is as sure as the word before it."""
    sure: list[AlignedWord] = []
    for word, found in zip(aligned, matched, strict=True):
        if not found and not _letters(word.text) and sure:
            word = AlignedWord(
                word.text, word.start_seconds, word.end_seconds, sure[-1].probability
            )
        sure.append(word)
    return sure

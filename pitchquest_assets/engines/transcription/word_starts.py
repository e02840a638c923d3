"""Corrects where Whisper's words begin: each model is early or late, most of all after a pause."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Word

# Seconds by which a model's words begin late: the median against the starts that espeak-ng reports,
# see docs/trust.md. A model that was not measured is left as it is.
LATE_SECONDS = {"tiny.en": 0.09, "base": -0.05}
# The first word of a voice begins with it if it seemed to begin at most this much later. Measured:
# 0.26 s or less in 95 % of cases, while the starts of voices were off by 0.04 s or less.
MAX_FROM_VOICE_SECONDS = 0.35


def mend_starts(
    words: Sequence[Word], pieces: Sequence[Span], voice: Sequence[Span], model: str
) -> list[Word]:
    """Return the words with better times, still in order and in their pieces.

    Args:
        words: in order, as Whisper placed them.
        pieces: of the sound, in which the words were heard.
        voice: where there is a voice; the first word of a span begins where the span does.
        model: the size, such as tiny.en.
    """
    times = [_in_time(word, pieces, LATE_SECONDS.get(model, 0.0)) for word in words]
    starts, ends = [start for start, _ in times], [end for _, end in times]
    for index, start in _first_words(starts, ends, voice):
        if starts[index] - start <= MAX_FROM_VOICE_SECONDS:
            starts[index] = start
    starts = list(accumulate(starts, max))
    return [
        word.model_copy(
            update={"start_seconds": start, "end_seconds": max(start, min(end, following))}
        )
        for word, start, end, following in zip(
            words, starts, ends, [*starts[1:], float("inf")], strict=False
        )
    ]


def _in_time(word: Word, pieces: Sequence[Span], late: float) -> Span:
    """When the word begins and ends, within its piece, if all words are late by the same amount."""
    index = bisect_right(pieces, word.start_seconds, key=lambda piece: piece[0]) - 1
    first, last = pieces[max(index, 0)]
    start, end = (
        min(last, max(first, time - late)) for time in (word.start_seconds, word.end_seconds)
    )
    return start, end


def _first_words(
    starts: Sequence[float], ends: Sequence[float], voice: Sequence[Span]
) -> Iterator[tuple[int, float]]:
    """The index of the first word of each span of voice, and the start of the span.

    A word that lasts over the pause before the span counts as part of it if most of what is heard
    of the word is in the span.
    """
    index, before = 0, 0.0
    for start, end in voice:
        while index < len(starts) and starts[index] < start:
            if min(ends[index], end) - start > max(0.0, before - starts[index]):
                break
            index += 1
        if index < len(starts) and starts[index] < end:
            yield index, start
        before = end

"""Gives times to the words that were said, by forced alignment between Whisper's times."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from pitchquest_assets.engines.transcription.alignment import AlignedWord, Aligner, fill_gaps, shift
from pitchquest_assets.engines.transcription.captions.agreement import Said
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.model import Audio, Word

# PocketSphinx knows only English.
LANGUAGES = (None, "en")
CHUNK_SECONDS = 30.0
MARGIN_SECONDS = 0.3
# Room for each word that Whisper did not hear, at an end of a chunk.
UNHEARD_SECONDS = 0.5
# If the aligner is farther outside Whisper's word than this, it went astray. Whisper's words
# include the pause before or after them.
MAX_OUTSIDE_SECONDS = 0.5


def place(
    said: Sequence[Said],
    captions: Sequence[str],
    heard: Sequence[Word],
    audio: Audio,
    language: str | None,
) -> list[AlignedWord]:
    """Return the words that were said with their times, in order.

    A word that the aligner cannot place gets the time of Whisper's word for it, or a time between
    its neighbours. Their probabilities mean nothing.

    Args:
        said: what was said, by the indices of words in `captions` and `heard`.
        language: that of the sound; only English is aligned.
    """
    texts = [
        heard[word.heard[0]].text if word.written is None else captions[word.written]
        for word in said
    ]
    known = _known(said, texts, heard)
    placed = list(known)
    if language in LANGUAGES:
        aligner = Aligner()
        for chunk in _chunks(known):
            start, end = _bounds(chunk, known, audio.duration_seconds)
            aligned = aligner.align(
                read_samples(audio, start, end), texts[chunk.start : chunk.stop]
            )
            for index, word in zip(chunk, shift(aligned or [], start), strict=False):
                if _is_plausible(word, known[index]):
                    placed[index] = word
    return _in_order(fill_gaps(texts, placed, 0.0, audio.duration_seconds))


def _known(
    said: Sequence[Said], texts: Sequence[str], heard: Sequence[Word]
) -> list[AlignedWord | None]:
    """The words with Whisper's times; what it wrote as one word is divided evenly."""
    known: list[AlignedWord | None] = []
    for indices, group in groupby(zip(said, texts, strict=True), lambda pair: pair[0].heard):
        run = [text for _, text in group]
        if not indices:
            known += [None] * len(run)
            continue
        start, end = heard[indices[0]].start_seconds, heard[indices[-1]].end_seconds
        step = max(0.0, end - start) / len(run)
        known += [
            AlignedWord(text, start + step * at, start + step * (at + 1), 1.0)
            for at, text in enumerate(run)
        ]
    return known


def _chunks(known: Sequence[AlignedWord | None]) -> Iterator[range]:
    """Cut at the longest pauses, into stretches that last at most CHUNK_SECONDS."""
    placed = [(index, word) for index, word in enumerate(known) if word]
    first, done = 0, 0
    while done < len(placed):
        end = placed[done][1].start_seconds + CHUNK_SECONDS
        stop = done + 1
        while stop < len(placed) and placed[stop][1].end_seconds <= end:
            stop += 1
        if stop < len(placed):
            half = done + (stop - done) // 2
            stop = max(range(half + 1, stop + 1), key=lambda at: _pause(placed, at))
        last = placed[stop][0] if stop < len(placed) else len(known)
        yield range(first, last)
        first, done = last, stop


def _pause(placed: Sequence[tuple[int, AlignedWord]], at: int) -> float:
    return placed[at][1].start_seconds - placed[at - 1][1].end_seconds


def _bounds(
    chunk: range, known: Sequence[AlignedWord | None], duration_seconds: float
) -> tuple[float, float]:
    """The stretch of sound that holds the words, with room for those that Whisper did not hear."""
    placed = [(index, word) for index in chunk if (word := known[index])]
    (leading, first), (trailing, last) = placed[0], placed[-1]
    start = first.start_seconds - MARGIN_SECONDS - UNHEARD_SECONDS * (leading - chunk.start)
    end = last.end_seconds + MARGIN_SECONDS + UNHEARD_SECONDS * (chunk.stop - 1 - trailing)
    return max(0.0, start), min(duration_seconds, end)


def _is_plausible(word: AlignedWord, known: AlignedWord | None) -> bool:
    return known is None or (
        word.start_seconds >= known.start_seconds - MAX_OUTSIDE_SECONDS
        and word.end_seconds <= known.end_seconds + MAX_OUTSIDE_SECONDS
    )


def _in_order(words: Sequence[AlignedWord]) -> list[AlignedWord]:
    """Move words that would begin before their predecessor."""
    ordered: list[AlignedWord] = []
    for word in words:
        start = max(word.start_seconds, ordered[-1].start_seconds if ordered else 0.0)
        end = max(start, word.end_seconds)
        ordered.append(AlignedWord(word.text, start, end, word.probability))
    return ordered

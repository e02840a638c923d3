"""Forced alignment by PocketSphinx: matches a known text with its sound, which gives words times.

A word's probability here is how well the text fits the sound. For each frame of 10 ms, PocketSphinx
gives the log score of the phone relative to the best phone that it considered. Measured on six read
utterances and a synthetic voice, the mean log score per frame is -0.0010 to -0.0028 for the right
text, -0.0033 to -0.0037 if half of the text is wrong, and -0.0044 to -0.0060 for a wrong text. The
probability is a logistic curve over the mean in a window of 15 words, 0.5 at -0.0033. It was set on
these seven recordings and has not been checked on others.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pitchquest_assets.engines.transcription.pronunciation import guess_pronunciation, spoken_words

SAMPLE_RATE_HZ = 16_000
FRAMES_PER_SECOND = 100
# With the default beams, it fails with "final result does not match the grammar".
BEAMS = {"beam": 1e-120, "wbeam": 1e-100, "pbeam": 1e-120, "maxhmmpf": -1}
HALF_PROBABILITY_LOG_SCORE = -0.0033
LOG_SCORE_STEEPNESS = 4_000.0
FIT_WINDOW_WORDS = 15
ANCHOR_WORDS = 3

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class AlignedWord:
    """A written word with its time; probability 0 if the time is only interpolated."""

    text: str
    start_seconds: float
    end_seconds: float
    probability: float


@dataclass(frozen=True)
class _Placed:
    """The place of one spoken word in 10 ms frames, and the sum of its frames' log scores."""

    start_frame: int
    end_frame: int
    log_score: float


class Aligner:
    """Aligns texts with sounds; holds one PocketSphinx decoder, so it is not thread-safe."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(loglevel="FATAL", lm=None, bestpath=False, **BEAMS)

    def align(self, samples: Samples, words: Sequence[str]) -> list[AlignedWord] | None:
        """Find the time of each word in the sound.

        Args:
            samples: int16 (n,), mono, 16 kHz.
            words: written words, as in the captions; those that are never spoken (a dash) get the
                time of their neighbours.

        Returns:
            All words in order, times in seconds from the first sample; None if the text cannot be
            aligned with the sound from start to end.
        """
        spoken = [[w for w in spoken_words(word) if self._pronounceable(w)] for word in words]
        placed = self._place(samples, [w for group in spoken for w in group])
        if placed is None:
            return None
        rest = iter(placed)
        grouped = [[next(rest) for _ in group] for group in spoken]
        probabilities = iter(_fit(placed))
        fits = [[next(probabilities) for _ in group] for group in grouped]
        aligned = [
            AlignedWord(
                word,
                group[0].start_frame / FRAMES_PER_SECOND,
                (group[-1].end_frame + 1) / FRAMES_PER_SECOND,
                sum(fit) / len(fit),
            )
            if group
            else None
            for word, group, fit in zip(words, grouped, fits, strict=True)
        ]
        return fill_gaps(words, aligned, 0.0, len(samples) / SAMPLE_RATE_HZ)

    def _pronounceable(self, word: str) -> bool:
        if self._decoder.lookup_word(word) is not None:
            return True
        phones = guess_pronunciation(word, self._decoder.lookup_word)
        if phones is None:
            return False
        self._decoder.add_word(word, phones)
        return True

    def _place(self, samples: Samples, spoken: Sequence[str]) -> list[_Placed] | None:
        if not spoken or len(samples) < SAMPLE_RATE_HZ // 10:
            return None
        self._decoder.set_align_text(" ".join(spoken))
        self._decoder.start_utt()
        self._decoder.process_raw(samples.view(np.uint8), full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return None
        placed = [
            _Placed(s.start_frame, s.end_frame, math.log(max(s.ascore, 1e-300)))
            for s in self._decoder.seg()
            if not s.word.startswith(("<", "[", "("))
        ]
        return placed if len(placed) == len(spoken) else None


def _fit(placed: Sequence[_Placed]) -> Iterator[float]:
    frames = np.array([p.end_frame - p.start_frame + 1 for p in placed], dtype=float)
    scores = np.array([p.log_score for p in placed])
    for index in range(len(placed)):
        first = max(0, index - FIT_WINDOW_WORDS // 2)
        window = slice(first, first + FIT_WINDOW_WORDS)
        mean = scores[window].sum() / frames[window].sum()
        yield 1 / (1 + math.exp(-LOG_SCORE_STEEPNESS * (mean - HALF_PROBABILITY_LOG_SCORE)))


def fill_gaps(
    words: Sequence[str],
    aligned: Sequence[AlignedWord | None],
    start_seconds: float,
    end_seconds: float,
) -> list[AlignedWord]:
    """Spread words without a time evenly between their neighbours, with probability 0."""
    filled: list[AlignedWord] = []
    index = 0
    while index < len(words):
        word = aligned[index]
        if word is not None:
            filled.append(word)
            index += 1
            continue
        stop = next((i for i in range(index, len(words)) if aligned[i] is not None), len(words))
        left = filled[-1].end_seconds if filled else start_seconds
        after = aligned[stop] if stop < len(words) else None
        right = max(left, after.start_seconds if after else end_seconds)
        step = (right - left) / (stop - index)
        filled += [
            AlignedWord(words[i], left + (i - index) * step, left + (i - index + 1) * step, 0.0)
            for i in range(index, stop)
        ]
        index = stop
    return filled


def shift(words: Sequence[AlignedWord], seconds: float) -> list[AlignedWord]:
    """Return the same words, `seconds` later."""
    return [
        replace(w, start_seconds=w.start_seconds + seconds, end_seconds=w.end_seconds + seconds)
        for w in words
    ]

"""How many words of a transcript are expected to be wrong, by curves fitted to measurements.

benchmarks/trust.py fits and checks them; docs/trust.md has the table.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Transcriber, Word


class Curve(NamedTuple):
    """A logistic curve from the mean word probability to the word error rate.

    Attributes:
        half: the mean probability at which half of the words are expected to be wrong.
        steepness: of the curve there.
    """

    half: float
    steepness: float

    def at(self, mean_probability: float) -> float:
        """Return the expected word error rate, 0–1."""
        return 1 / (1 + math.exp(self.steepness * (mean_probability - self.half)))


CURVES: dict[Transcriber, Curve] = {
    "whisper": Curve(half=0.64, steepness=9.6),
    "pocketsphinx": Curve(half=0.39, steepness=4.0),
    # Captions without Whisper. Not a fit: right ones were at 0.78 or more, half-wrong ones at 0.51
    # or less, and the curve lies between.
    "captions": Curve(half=0.57, steepness=10.0),
}
NOT_MEASURED = "how often OpenAI's models are wrong at a given certainty has not been measured"
# Voice further than this from any word is without words: most pauses between words are shorter.
MAX_FROM_WORD_SECONDS = 1.0


def expected_wer(
    engine: Transcriber, words: Sequence[Word], wordless_share: float = 0.0
) -> float | None:
    """Return the share of words that are expected to be wrong or missing, 0–1.

    Args:
        wordless_share: see the function; as many words are taken as missing as fit into that voice.

    Returns:
        None without words, or if the engine was not measured.
    """
    curve = CURVES.get(engine)
    if curve is None or not words:
        return None
    wrong = curve.at(sum(word.probability for word in words) / len(words))
    return round(wordless_share + (1 - wordless_share) * wrong, 3)


def wordless_share(words: Sequence[Word], voice: Sequence[Span]) -> float:
    """Return the share of the voice that is further than 1 s from any word, 0–1."""
    near = [
        (word.start_seconds - MAX_FROM_WORD_SECONDS, word.end_seconds + MAX_FROM_WORD_SECONDS)
        for word in words
    ]
    covered = total = 0.0
    for start, end in voice:
        total += end - start
        reached = start
        for first, last in near:
            if last > reached and first < end:
                covered += min(last, end) - max(first, reached)
                reached = min(last, end)
    return 1 - covered / total if total else 0.0

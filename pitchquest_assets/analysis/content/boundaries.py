"""Where thoughts end in words without punctuation: a trained score of gaps, and the best cut."""

from collections.abc import Sequence

import numpy as np

from pitchquest_assets.analysis.content.features import tokens_of
from pitchquest_assets.analysis.content.head import LinearModel, load_head

# A pause of 0.6 s outweighs the rarity of boundaries (one gap in 16): 2.7 / 0.6, derived.
LOG_ODDS_PER_SECOND = 4.5
MAX_PAUSE_SECONDS = 1.5
# So that thoughts are as long as in the corpus on average, 12 words.
BIAS = 1.0
MIN_WORDS, LONG_WORDS, MAX_WORDS = 4, 20, 40
COST_OF_SHORT, COST_OF_LONG = 1.5, 0.25


def gap_features(words: Sequence[str]) -> list[set[str]]:
    """Return the features of the gap before each word but the first: the words around it."""
    plain = ["^", "^", *((tokens_of(word) or ["."])[0] for word in words), "$", "$"]
    return [_around(plain[at : at + 5]) for at in range(1, len(words))]


def _around(near: Sequence[str]) -> set[str]:
    """The features of a gap between the second and third of five words: two before, three after."""
    two_before, before, after, next_after, last = near
    return {
        f"-2 {two_before}",
        f"-1 {before}",
        f"+1 {after}",
        f"+2 {next_after}",
        f"-2-1 {two_before} {before}",
        f"-1+1 {before} {after}",
        f"+1+2 {after} {next_after}",
        f"+1+3 {after} {next_after} {last}",
    }


def cut(
    words: Sequence[str], pauses_seconds: Sequence[float], model: LinearModel | None = None
) -> list[tuple[int, int]]:
    """Return the spans of words (first, end) that are one thought each.

    Args:
        pauses_seconds: the pause before each word but the first.
    """
    if len(words) < 2:
        return [(0, len(words))] if words else []
    scores = (model or load_head().gaps).logits(gap_features(words))[:, 0] + BIAS
    pauses = np.clip(pauses_seconds, 0.0, MAX_PAUSE_SECONDS)
    return _best_spans((scores + LOG_ODDS_PER_SECOND * pauses).tolist())


def _best_spans(scores: Sequence[float]) -> list[tuple[int, int]]:
    """The spans whose boundaries score most, less the cost of short and long spans."""
    count = len(scores) + 1
    best, cut_before = np.full(count + 1, -np.inf), np.zeros(count + 1, int)
    best[0] = 0.0
    for end in range(1, count + 1):
        at_end = scores[end - 1] if end < count else 0.0
        for first in range(max(0, end - MAX_WORDS), end):
            total = best[first] + at_end - _cost(end - first)
            if total > best[end]:
                best[end], cut_before[end] = total, first
    spans, end = [], count
    while end:
        spans.append((int(cut_before[end]), end))
        end = int(cut_before[end])
    return spans[::-1]


def _cost(length: int) -> float:
    return COST_OF_SHORT * max(0, MIN_WORDS - length) + COST_OF_LONG * max(0, length - LONG_WORDS)

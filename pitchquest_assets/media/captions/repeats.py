"""Words that captions show twice but that were said once.

Automatic captions roll: a pair of lines of which the upper one was the lower one before, or a cue
of 10 ms that shows the finished line once more. Others repeat the tail of the caption before. A
sentence that was said twice has two captions of its own and stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pitchquest_assets.media.captions.cue import Cue

# A caption this short shows what is there already.
FLASH_SECONDS = 0.05
# Captions that follow each other without a longer gap are one stretch of speech.
TOUCHING_SECONDS = 0.1
# Captions roll if more than half of them, and at least so many, begin with words of the one before.
MIN_ROLLING = 3
# Elsewhere so many words, in the middle of a sentence, are a tail repeated by mistake.
MIN_TAIL_WORDS = 3
_SENTENCE_ENDS = (".", "!", "?", "…", ":")


@dataclass(frozen=True, slots=True)
class Shown:
    """One caption as it was on the screen: its lines of words and its times in seconds."""

    lines: list[str]
    start_seconds: float | None
    end_seconds: float | None

    @property
    def words(self) -> list[str]:
        """All words, as they are written."""
        return [word for line in self.lines for word in line.split()]


def without_repeats(captions: Sequence[Shown]) -> list[Cue]:
    """Return the captions with every word that was said once, once; without times, as they are."""
    if any(shown.start_seconds is None for shown in captions):
        return [
            Cue(" ".join(shown.lines), shown.start_seconds, shown.end_seconds) for shown in captions
        ]
    pairs = [_Pair(before, after) for before, after in pairwise(captions)]
    rolling = [pair for pair in pairs if pair.is_flash or 0 < pair.repeated < len(pair.words)]
    rolls = len(rolling) >= MIN_ROLLING and 2 * len(rolling) > len(pairs)
    new = [captions[0].words] if captions else []
    new += [pair.words[pair.said_before(rolls) :] for pair in pairs]
    return [
        Cue(" ".join(words), shown.start_seconds, shown.end_seconds)
        for words, shown in zip(new, captions, strict=True)
        if words
    ]


class _Pair:
    """A caption and the one before it."""

    def __init__(self, before: Shown, after: Shown) -> None:
        self._before, self._after = before, after
        self._words_before = before.words
        self.words = after.words
        self._starts = after.start_seconds or 0.0
        self._gap_seconds = self._starts - (before.end_seconds or 0.0)
        self._is_touching = self._gap_seconds <= TOUCHING_SECONDS
        # The number of words at the start of the caption that the one before ends with.
        self.repeated = _overlap(_letters(self._words_before), _letters(self.words))

    @property
    def is_flash(self) -> bool:
        """Whether it only shows the end of the caption before, for a moment."""
        is_short = (self._after.end_seconds or 0.0) - self._starts <= FLASH_SECONDS
        return is_short and self._is_touching and self.repeated == len(self.words)

    def said_before(self, rolls: bool) -> int:
        """The number of words at its start that are not said again; `rolls`: the captions do."""
        if self.repeated == len(self.words):
            is_on_top = self._gap_seconds < -FLASH_SECONDS
            is_said_once = self.is_flash or is_on_top or (rolls and self._is_touching)
        elif self._is_touching:
            is_said_once = rolls or self._rolls_by_lines() or self._repeats_a_tail()
        else:
            is_said_once = rolls
        return self.repeated if is_said_once else 0

    def _rolls_by_lines(self) -> bool:
        """Whether the words that are repeated are whole lines, above a new one."""
        return self.repeated in _ends(self._after.lines) and self.repeated in _ends(
            self._before.lines[::-1]
        )

    def _repeats_a_tail(self) -> bool:
        """Whether the words that are repeated are enough, and from the middle of a sentence."""
        if not MIN_TAIL_WORDS <= self.repeated < len(self._words_before):
            return False
        return not self._words_before[-1].rstrip("\"'”’)").endswith(_SENTENCE_ENDS)


def _ends(lines: Sequence[str]) -> set[int]:
    """The numbers of words after the first line, the first two, and so on."""
    return set(accumulate(len(line.split()) for line in lines))


def _letters(words: Sequence[str]) -> list[str]:
    """The words as they are compared: lower case, without punctuation unless that is all."""
    return ["".join(filter(str.isalnum, word.casefold())) or word for word in words]


def _overlap(before: list[str], after: list[str]) -> int:
    """The most words at the start of `after` that `before` ends with; in linear time (KMP)."""
    joined: list[str | None] = [*after, None, *before[-len(after) :]]
    fits = [0] * len(joined)
    for index in range(1, len(joined)):
        fit = fits[index - 1]
        while fit and joined[index] != joined[fit]:
            fit = fits[fit - 1]
        fits[index] = fit + (joined[index] == joined[fit])
    return fits[-1] if before and after else 0

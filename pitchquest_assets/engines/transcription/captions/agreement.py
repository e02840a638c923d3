"""Compares the words of captions with those that Whisper heard: which were said, which were not.

The two texts are laid over each other word by word. Stretches in which they agree often enough are
taken from the captions, because a difference there is most likely Whisper's mistake. Everywhere
else, Whisper's words are taken. `docs/scoring.md` has the measurements.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from pitchquest_assets.engines.transcription.captions.word_blocks import (
    Block,
    Spoken,
    lay_over,
    spoken,
)
from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Word

# In words, for each edge of a stretch that fits. So a stretch between two others is wrong if it has
# over 3 more words that differ than agree, and a stretch alone is right if it has over 3 more words
# that agree than differ.
EDGE_COUNTS = 1.5
# How much a word counts if something like it was heard.
ALIKE_COUNTS = 0.5
# Nobody speaks faster: in less voice than this, words of the captions cannot have been said.
MIN_SECONDS_PER_WORD = 0.2
# Captions of something else agree by chance in 0.08 of the words or less (34 texts over 61 sounds),
# true ones in 0.2 or more, even where Whisper gets 87 % of the words wrong. In a text of few words,
# two or three that agree say little.
MIN_BORNE_OUT = 0.1
MIN_BORNE_OUT_WORDS = 8
# Between these probabilities of Whisper's, its words count more and more against the captions. Of
# words that it got wrong, half are below 0.6; of those that it got right in clear sound, 9 in 10
# are above 0.7.
DOUBTED, CERTAIN = 0.5, 1.0
# Before the first and after the last word of captions, fewer words than this are not added: there
# Whisper hears words that were cut off, and makes some up.
MIN_WORDS_AROUND = 10
# If one side has this many times more words, it cannot be the other side misheard.
MAX_TIMES_MORE = 3


class Said(NamedTuple):
    """A word that was said, in the captions or only in what Whisper heard.

    Attributes:
        written: its index in the captions; None for a word that only Whisper has.
        heard: the indices of Whisper's words for it; empty if Whisper has none.
        is_alike: Whisper heard something that only sounds like it.
    """

    written: int | None
    heard: tuple[int, ...] = ()
    is_alike: bool = False


class Agreement(NamedTuple):
    """What was said, and how well captions and Whisper agree.

    Attributes:
        said: all words in their order.
        around: how many words were heard before or after the captions, too few to be added.
        borne_out: share of the captions' words that Whisper heard too, 0–1.
        fits: share of the captions' words that are in stretches that fit, or of Whisper's if that
            is more, as in captions of a video that was cut short; 0 if they agree only by chance.
    """

    said: list[Said]
    around: int
    borne_out: float
    fits: float


def compare(captions: Sequence[str], heard: Sequence[Word], voice: Sequence[Span]) -> Agreement:
    """Lay the words of captions over what Whisper heard.

    Args:
        captions: the written words.
        heard: Whisper's words, in their order.
        voice: where a voice is heard, seconds.
    """
    ours, theirs = spoken(captions), spoken([word.text for word in heard])
    blocks = lay_over(ours, theirs)
    counts = [_counts(block, theirs, heard, voice) for block in blocks]
    fitting = [block for block in _fitting(blocks, counts) if block.is_borne_out]
    if _is_chance(fitting, min(len(ours.words), len(theirs.words))):
        return Agreement([], 0, _shares(fitting, ours, theirs)[0], 0.0)
    # They belong to this video, so where Whisper was not sure, Whisper is more likely to be wrong.
    doubted = [
        count * _certainty(block, theirs, heard) if count < 0 else count
        for block, count in zip(blocks, counts, strict=True)
    ]
    fitting = _fitting(blocks, doubted)
    around = _around(blocks, theirs)
    return Agreement(
        [
            word
            for word in _merged(blocks, fitting, ours, theirs, len(captions))
            if word.written is not None or word.heard[0] not in around
        ],
        len(around),
        _shares([block for block in fitting if block.is_borne_out], ours, theirs)[0],
        max(_shares(fitting, ours, theirs)),
    )


def _is_chance(borne_out: Sequence[Block], words: int) -> bool:
    """Whether texts, the shorter of which has this many words, may agree this well by chance."""
    count = sum(len(block.captions) for block in borne_out)
    needed = max(MIN_BORNE_OUT * words, min(MIN_BORNE_OUT_WORDS, words / 2))
    return count == 0 or count < needed


def _counts(block: Block, theirs: Spoken, heard: Sequence[Word], voice: Sequence[Span]) -> float:
    """How many words speak for the captions; below 0 if they speak against them."""
    if block.is_equal:
        return len(block.captions)
    if block.is_alike:
        return ALIKE_COUNTS * min(len(block.captions), len(block.heard))
    if not block.heard and _may_be_missed(block, theirs, heard, voice):
        return 0.0
    return -max(len(block.captions), len(block.heard))


def _may_be_missed(
    block: Block, theirs: Spoken, heard: Sequence[Word], voice: Sequence[Span]
) -> bool:
    """Whether a voice without a word of Whisper's is long enough to say what the captions say."""
    after = block.heard.start
    start = heard[theirs.written[after - 1]].end_seconds if after else 0.0
    is_last = after == len(theirs.words)
    end = float("inf") if is_last else heard[theirs.written[after]].start_seconds
    seconds = sum(max(0.0, min(last, end) - max(first, start)) for first, last in voice)
    return seconds >= MIN_SECONDS_PER_WORD * len(block.captions)


def _certainty(block: Block, theirs: Spoken, heard: Sequence[Word]) -> float:
    """How much Whisper's words count against the captions, 0–1."""
    few, many = sorted((len(block.captions), len(block.heard)))
    if many > MAX_TIMES_MORE * few:
        return 1.0
    sure = sum(heard[theirs.written[at]].probability for at in block.heard) / len(block.heard)
    return min(1.0, max(0.0, (sure - DOUBTED) / (CERTAIN - DOUBTED)))


def _fitting(blocks: Sequence[Block], counts: Sequence[float]) -> list[Block]:
    """Return the blocks of the stretches that count most, less EDGE_COUNTS for each edge."""
    outside = inside = 0.0
    # For each block whether the one before it fits: if this one does not, and if it does.
    before: list[tuple[bool, bool]] = []
    for count in counts:
        before.append((inside - EDGE_COUNTS > outside, inside >= outside - EDGE_COUNTS))
        outside, inside = (
            max(outside, inside - EDGE_COUNTS),
            max(inside, outside - EDGE_COUNTS) + count,
        )
    fits = inside > outside
    fitting: list[Block] = []
    for block, (if_not, if_so) in zip(reversed(blocks), reversed(before), strict=True):
        if fits:
            fitting.append(block)
        fits = if_so if fits else if_not
    return fitting[::-1]


def _shares(blocks: Sequence[Block], ours: Spoken, theirs: Spoken) -> tuple[float, float]:
    """The shares of the captions' and of Whisper's words that are in these blocks."""
    return (
        sum(len(block.captions) for block in blocks) / max(1, len(ours.words)),
        sum(len(block.heard) for block in blocks) / max(1, len(theirs.words)),
    )


def _around(blocks: Sequence[Block], theirs: Spoken) -> set[int]:
    """The indices of the few words that were heard before or after all words of the captions."""
    beside = [
        {theirs.written[at] for at in block.heard}
        for block in (blocks[0], blocks[-1])
        if not block.captions
    ]
    return {index for words in beside if len(words) < MIN_WORDS_AROUND for index in words}


def _merged(
    blocks: Sequence[Block],
    fitting: Sequence[Block],
    ours: Spoken,
    theirs: Spoken,
    count: int,
) -> Iterator[Said]:
    """Yield the words that were said, each once and in their order."""
    kept = {ours.written[at] for block in fitting for at in block.captions}
    # What was heard beside the captions, "um" for example, is in none of these.
    covered = {theirs.written[at] for block in fitting if block.captions for at in block.heard}
    matches = _matches(fitting, ours, theirs)
    spoken = set(ours.written)
    for block in blocks:
        for index in dict.fromkeys(theirs.written[at] for at in block.heard):
            if index not in covered:
                covered.add(index)
                yield Said(None, (index,))
        for index in dict.fromkeys(ours.written[at] for at in block.captions):
            if index in kept:
                kept.remove(index)
                yield matches.get(index, Said(index))
                # A dash is not spoken, and goes with the word before it.
                yield from map(Said, takewhile(lambda i: i not in spoken, range(index + 1, count)))


def _matches(fitting: Sequence[Block], ours: Spoken, theirs: Spoken) -> dict[int, Said]:
    """The words of the captions that Whisper heard, by their indices."""
    found: dict[int, Said] = {}
    for block in fitting:
        if not block.is_borne_out:
            continue
        for step, at in enumerate(block.captions):
            index = ours.written[at]
            other = theirs.written[block.heard[step * len(block.heard) // len(block.captions)]]
            before = found.get(index, Said(index))
            heard_as = tuple(dict.fromkeys((*before.heard, other)))
            found[index] = Said(index, heard_as, before.is_alike or block.is_alike)
    return found

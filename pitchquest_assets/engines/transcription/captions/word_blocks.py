"""Lays two texts over each other word by word: where they are the same, alike, or differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from rapidfuzz.distance import Indel, Levenshtein

from pitchquest_assets.engines.transcription.pronunciation import spoken_words

# Out of 1, by letters: "shelfsense" and "shelf sends" are alike, "clipboard" and "pharmacy" not.
MIN_LIKENESS = 0.65


class Spoken(NamedTuple):
    """Words as they are spoken, in lower case, and the index of the written word of each."""

    words: list[str]
    written: list[int]


class Block(NamedTuple):
    """A stretch of both texts: the indices of their spoken words, and how these compare."""

    captions: range
    heard: range
    is_equal: bool = False
    is_alike: bool = False

    @property
    def is_borne_out(self) -> bool:
        """Whether what was heard is what is written, or sounds like it."""
        return self.is_equal or self.is_alike


@dataclass
class _Run:
    """Words that are the same in both texts: where they begin, and how many there are."""

    ours: int
    theirs: int
    count: int

    @property
    def ends(self) -> tuple[int, int]:
        return self.ours + self.count, self.theirs + self.count


def spoken(words: Sequence[str]) -> Spoken:
    """Return the spoken words of written ones: "20%" is two of them, a dash is none."""
    parts = [(part, index) for index, word in enumerate(words) for part in spoken_words(word)]
    return Spoken([part for part, _ in parts], [index for _, index in parts])


def lay_over(captions: Spoken, heard: Spoken) -> list[Block]:
    """Return the blocks of which both texts consist, in order."""
    ours, theirs = captions.words, heard.words
    runs = [
        _Run(step.src_start, step.dest_start, step.src_end - step.src_start)
        for step in Levenshtein.opcodes(ours, theirs)
        if step.tag == "equal"
    ]
    blocks: list[Block] = []
    end, heard_end = 0, 0
    for run in [*_gathered(runs, ours, theirs), _Run(len(ours), len(theirs), 0)]:
        differing = Block(range(end, run.ours), range(heard_end, run.theirs))
        blocks += _by_likeness(differing, ours, theirs)
        end, heard_end = run.ends
        if run.count:
            blocks.append(Block(range(run.ours, end), range(run.theirs, heard_end), is_equal=True))
    return blocks


def _gathered(runs: Sequence[_Run], ours: Sequence[str], theirs: Sequence[str]) -> Sequence[_Run]:
    """Move words from short runs to the longer run beside them, if that has the same word.

    The "a" of "a market of two hundred" matches any "a" before it, but was said with the others.
    """
    later: list[_Run] = []
    for run in reversed(runs):
        right = later[-1] if later else None
        while right and 0 < run.count <= right.count:
            if ours[right.ours - 1] != theirs[right.theirs - 1]:
                break
            run.count -= 1
            right.ours, right.theirs, right.count = (
                right.ours - 1,
                right.theirs - 1,
                right.count + 1,
            )
        if run.count:
            later.append(run)
    gathered: list[_Run] = []
    for run in reversed(later):
        left = gathered[-1] if gathered else None
        while left and 0 < run.count < left.count:
            end, heard_end = left.ends
            if ours[end] != theirs[heard_end]:
                break
            left.count += 1
            run.ours, run.theirs, run.count = run.ours + 1, run.theirs + 1, run.count - 1
        if run.count:
            gathered.append(run)
    return gathered


def _by_likeness(block: Block, ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Block]:
    """Yield a block that differs, cut in two where only one end of it sounds alike."""
    if not (block.captions and block.heard):
        if block.captions or block.heard:
            yield block
        return
    likeness, alike, parts = max(
        (
            (_likeness(part, ours, theirs), part, parts)
            for parts in _ways_to_cut(block, ours, theirs)
            for part in parts
        ),
        key=lambda found: found[0],
    )
    if likeness < MIN_LIKENESS:
        yield block
        return
    for part in parts:
        if part.captions or part.heard:
            yield part._replace(is_alike=part is alike)


def _ways_to_cut(
    block: Block, ours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[Block, ...]]:
    """The whole block, and its cuts into a part with as many letters on both sides, and a rest."""
    captions, heard = block.captions, block.heard
    written = [len(ours[at]) for at in captions]
    said = [len(theirs[at]) for at in heard]
    yield (block,)
    first, heard_first = _nearest(written, sum(said)), _nearest(said, sum(written))
    yield (
        Block(captions[:first], heard[:heard_first]),
        Block(captions[first:], heard[heard_first:]),
    )
    last = len(written) - _nearest(written[::-1], sum(said))
    heard_last = len(said) - _nearest(said[::-1], sum(written))
    yield Block(captions[:last], heard[:heard_last]), Block(captions[last:], heard[heard_last:])


def _nearest(lengths: Sequence[int], letters: int) -> int:
    """How many of the first words together come nearest to this number of letters."""
    totals = list(accumulate(lengths))
    return 1 + min(range(len(totals)), key=lambda at: abs(totals[at] - letters))


def _likeness(block: Block, ours: Sequence[str], theirs: Sequence[str]) -> float:
    left = "".join(ours[at] for at in block.captions)
    right = "".join(theirs[at] for at in block.heard)
    return Indel.normalized_similarity(left, right) if left and right else 0.0

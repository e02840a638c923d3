"""Finds filled pauses and filler phrases in a transcript."""

import re
from collections.abc import Iterator, Sequence

from pitchquest_assets.model import Event, Word

FILLED_PAUSES = frozenset("um umm uhm uh uhh er err erm ehm hmm mm mhm".split())
PHRASES = (("you", "know"), ("i", "mean"), ("sort", "of"), ("kind", "of"))
# "Do you know how" and "the kind of shelf" are plain English, not fillers.
NOT_AFTER = {
    ("you", "know"): frozenset("do did don't if as let what how would should will because".split()),
    ("i", "mean"): frozenset("what do did".split()),
    ("sort", "of"): frozenset("a the this that some what any every another all".split()),
    ("kind", "of"): frozenset("a the this that some what any every another all one".split()),
}
NOT_BEFORE = frozenset("what how that who where why when the which whether if".split())
# "like" is a filler only if it is set off by commas or short silences on both sides.
APART_SECONDS = 0.15


def find_fillers(words: Sequence[Word]) -> list[Event]:
    """Return the fillers as events of the kind "filler", in order of time."""
    return list(_find(words))


def _find(words: Sequence[Word]) -> Iterator[Event]:
    plain = [_plain(word.text) for word in words]
    index = 0
    while index < len(words):
        length = _filler_length(words, plain, index)
        if length:
            last = words[index + length - 1]
            yield Event(
                kind="filler",
                start_seconds=words[index].start_seconds,
                end_seconds=last.end_seconds,
                text=" ".join(plain[index : index + length]),
            )
        index += max(1, length)


def _filler_length(words: Sequence[Word], plain: Sequence[str], index: int) -> int:
    if plain[index] in FILLED_PAUSES:
        return 1
    if plain[index] == "like":
        return int(_stands_apart(words, index, index))
    pair = tuple(plain[index : index + 2])
    if pair not in PHRASES:
        return 0
    before = plain[index - 1] if index else ""
    after = plain[index + 2] if index + 2 < len(plain) else ""
    if before in NOT_AFTER[pair]:
        return 0
    is_question = after in NOT_BEFORE and not _stands_apart(words, index, index + 1)
    return 0 if pair in PHRASES[:2] and is_question else 2


def _stands_apart(words: Sequence[Word], first: int, last: int) -> bool:
    """Whether words[first..last] are set off on both sides by a comma or a silence."""
    before = first == 0 or _is_gap(words[first - 1], words[first])
    after = last + 1 >= len(words) or _is_gap(words[last], words[last + 1])
    return before and after


def _is_gap(left: Word, right: Word) -> bool:
    return (
        left.text.endswith((",", "…", "...", "–", "—"))
        or right.start_seconds - left.end_seconds >= APART_SECONDS
    )


def _plain(text: str) -> str:
    return re.sub(r"[^\w']", "", text.lower().replace("’", "'"))

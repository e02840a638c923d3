"""The features by which the local judge reads a sentence: words, figures by kind, and what is near.

Figures become a few tokens (`#money`, `#share`, `#year`, `#many`, `#few`), because which amount is
said never decides what a sentence is about.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from pitchquest_assets.analysis.content.figures import spans, split_tokens

_MONTHS = frozenset(
    "january february march april june july august september october november december".split()
)


def tokens_of(text: str) -> list[str]:
    """Return the lower-case words of a sentence, without fillers, its figures replaced by kind."""
    raw = split_tokens(text)
    return [
        kind or ("#month" if raw[first] in _MONTHS else raw[first]) for kind, first, _ in spans(raw)
    ]


def features_of(texts: Sequence[str]) -> list[set[str]]:
    """Return the features of each sentence of a text, in order.

    Words and runs of two and three, the beginnings of long words, the words of the sentences before
    and after, and where in the text the sentence stands.
    """
    tokens = [tokens_of(text) for text in texts]
    return [
        {
            *_own(tokens[at]),
            *(f"<{token}" for token in tokens[at - 1] if at),
            *(f">{token}" for token in (tokens[at + 1] if at + 1 < len(tokens) else ())),
            *_place(at, len(tokens)),
            *_form(texts[at], tokens[at]),
        }
        for at in range(len(tokens))
    ]


def text_features(texts: Sequence[str]) -> set[str]:
    """Return the features of a whole text: the words and runs of words of its sentences."""
    return {feature for text in texts for feature in _own(tokens_of(text))}


def _own(tokens: Sequence[str]) -> Iterator[str]:
    padded = ["^", *tokens, "$"]
    yield from tokens
    yield from map(" ".join, pairwise(padded))
    yield from map(" ".join, zip(padded, padded[1:], padded[2:], strict=False))
    yield from (f"{token[:5]}~" for token in tokens if len(token) > 5)


def _place(at: int, count: int) -> Iterable[str]:
    return (
        f"@{min(4, 5 * at // count)}",
        *(["@first"] if at == 0 else []),
        *(["@last"] if at == count - 1 else []),
    )


def _form(text: str, tokens: Sequence[str]) -> Iterable[str]:
    length = min(4, len(tokens) // 6)
    return (f"@length{length}", *(["@asks"] if text.rstrip().endswith("?") else []))

"""The features by which the local judge reads a sentence: words, figures by kind, and what is near.

Figures become a few tokens (`#money`, `#share`, `#year`, `#many`, `#few`), because which amount is
said never decides what a sentence is about.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

_TOKEN = re.compile(r"[$€£₹]|%|\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*|#\w+")
_FILLERS = frozenset("um uh erm er hmm ah eh mm".split())
_UNITS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety half dozen".split()
)
_SCALES = frozenset(
    "hundred thousand million billion trillion k m mn bn lakh lakhs lac lacs crore crores cr "
    "grand millions billions thousands hundreds".split()
)
_CURRENCIES = frozenset(
    "dollar dollars buck bucks euro euros pound pounds quid cent cents pence p rupee rupees "
    "rs inr usd eur gbp rand rands naira shilling shillings cedi cedis peso pesos won yen "
    "yuan dirham dirhams riyal riyals real reais franc francs krone kroner krona kronor zloty "
    "zlotys ringgit baht dong rupiah aed sar".split()
)
_SIGNS = frozenset("$€£₹")
_PERCENT = frozenset("% percent".split())
_MONTHS = frozenset(
    "january february march april june july august september october november december".split()
)
_MANY = 1_000


def tokens_of(text: str) -> list[str]:
    """Return the lower-case words of a sentence, without fillers, its figures replaced by kind."""
    text = text.lower().replace("’", "'").replace("per cent", "percent").replace("-", " ")
    raw = [token for token in _TOKEN.findall(text) if token not in _FILLERS]
    return list(_with_kinds(raw))


def _with_kinds(raw: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(raw):
        end = _end_of_number(raw, at)
        if end == at:
            yield "#month" if raw[at] in _MONTHS else raw[at]
            at += 1
            continue
        kind, end = _kind(raw, at, end)
        yield kind
        at = end


def _end_of_number(raw: Sequence[str], at: int) -> int:
    """The index behind the number that begins at a token; the same index if none does."""
    end = at
    if raw[at] in ("a", "an") and at + 1 < len(raw) and raw[at + 1] in _SCALES:
        end += 1
    if raw[end] in _SIGNS and end + 1 < len(raw) and raw[end + 1][0].isdigit():
        end += 1
    while end < len(raw):
        token = raw[end]
        joined = end > at and token in ("and", "a", "point", "of") and _is_number(raw, end + 1)
        if not (
            token[0].isdigit()
            or token in _UNITS
            or (token in _SCALES and (end > at or len(token) > 2))
            or joined
        ):
            break
        end += 1
    # "One" alone is mostly a pronoun, and "of" ends no number.
    return at if end == at + 1 and raw[at] == "one" and not _follows_money(raw, end) else end


def _is_number(raw: Sequence[str], at: int) -> bool:
    return at < len(raw) and (raw[at][0].isdigit() or raw[at] in _UNITS or raw[at] in _SCALES)


def _follows_money(raw: Sequence[str], at: int) -> bool:
    return at < len(raw) and (raw[at] in _CURRENCIES or raw[at] in _PERCENT)


def _kind(raw: Sequence[str], at: int, end: int) -> tuple[str, int]:
    """What kind of figure the tokens are, and the index behind its currency or percent sign."""
    following = raw[end] if end < len(raw) else ""
    if following in _PERCENT:
        return "#share", end + 1
    if following in _CURRENCIES and following != "p":
        return "#money", end + 1
    if raw[at] in _SIGNS or "grand" in raw[at:end] or (at and raw[at - 1] in _CURRENCIES):
        return "#money", end
    digits = raw[at].replace(",", "")
    if end == at + 1 and digits.isdigit() and len(digits) == 4 and digits[:2] in ("19", "20"):
        return "#year", end
    large = any(token in _SCALES for token in raw[at:end])
    # "150 000", but not "39 95".
    large = large or (end > at + 1 and len(raw[at + 1]) == 3 and raw[at + 1].isdigit())
    if digits.replace(".", "").isdigit() and float(digits) >= _MANY:
        large = True
    return "#many" if large else "#few", end


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

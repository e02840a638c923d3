"""Figures in words or digits: where they are in a sentence, of what kind, and how much they say."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_TOKEN = re.compile(r"[$€£₹]|%|\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*|#\w+")
_FILLERS = frozenset("um uh erm er hmm ah eh mm".split())
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_UNITS = {
    **{word: float(at) for at, word in enumerate(_SMALL) if at},
    **{word: 10.0 * at for at, word in enumerate(_TENS, 2)},
    "half": 0.5,
    "dozen": 12.0,
}
_SCALES = {
    **dict.fromkeys(("hundred", "hundreds"), 1e2),
    **dict.fromkeys(("thousand", "thousands", "k", "grand"), 1e3),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 1e5),
    **dict.fromkeys(("million", "millions", "m", "mn"), 1e6),
    **dict.fromkeys(("crore", "crores", "cr"), 1e7),
    **dict.fromkeys(("billion", "billions", "bn"), 1e9),
    "trillion": 1e12,
}
_CURRENCIES = frozenset(
    "dollar dollars buck bucks euro euros pound pounds quid cent cents pence p rupee rupees "
    "rs inr usd eur gbp rand rands naira shilling shillings cedi cedis peso pesos won yen "
    "yuan dirham dirhams riyal riyals real reais franc francs krone kroner krona kronor zloty "
    "zlotys ringgit baht dong rupiah aed sar".split()
)
_SIGNS = frozenset("$€£₹")
_PERCENT = frozenset("% percent".split())
_JOINING = frozenset("and a point of".split())
_MANY = 1_000


class Figure(NamedTuple):
    """A number that was said: its kind, its value, and the tokens behind it.

    The kind is `#money`, `#share`, `#year`, `#many` (1,000 and more) or `#few`. The value is None
    where it cannot be told for sure ("four ninety-nine").
    """

    kind: str
    value: float | None
    said: str
    after: tuple[str, ...]


def split_tokens(text: str) -> list[str]:
    """Return the lower-case words, numbers and signs of a sentence, without fillers."""
    text = text.lower().replace("’", "'").replace("per cent", "percent").replace("-", " ")
    return [token for token in _TOKEN.findall(text) if token not in _FILLERS]


def figures_of(text: str) -> list[Figure]:
    """Return the figures of a sentence, in order."""
    raw = split_tokens(text)
    return [
        Figure(kind, value_of(raw[first:end]), _joined(raw[first:end]), tuple(raw[end:]))
        for kind, first, end in spans(raw)
        if kind
    ]


def spans(raw: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the kind, first token and end of each figure; other tokens singly, their kind empty."""
    at = 0
    while at < len(raw):
        end = _end_of_number(raw, at)
        kind, end = _kind(raw, at, end) if end > at else ("", at + 1)
        yield kind, at, end
        at = end


def value_of(tokens: Sequence[str]) -> float | None:
    """Return how much the tokens of one figure say; None if that is not sure."""
    total, part, decimals, digits_before = 0.0, None, 0, False
    for token in tokens:
        if token == "point":
            decimals = 1
            continue
        if token in _SCALES:
            part = (1.0 if part is None else part) * _SCALES[token]
            if _SCALES[token] > 1e2:
                total, part = total + part, None
            decimals, digits_before = 0, False
            continue
        number = _UNITS.get(token)
        if number is None and token[0].isdigit():
            number = float(token.replace(",", ""))
        if number is None:
            continue
        if decimals:
            number, decimals = number / 10**decimals, decimals + 1
        elif digits_before and token[0].isdigit() and part is not None:
            # Captions have blanks for commas and points: "150 000", "39 95".
            if len(token) == 3:
                part *= 1000
            else:
                number /= 10 ** len(token)
        elif part and (part % 100 if number >= 10 else part % 10):
            return None
        part = (part or 0.0) + number
        digits_before = token[0].isdigit()
    return total + (part or 0.0)


def _joined(tokens: Sequence[str]) -> str:
    return re.sub(r"(?<=[$€£₹]) | (?=%)", "", " ".join(tokens))


def _end_of_number(raw: Sequence[str], at: int) -> int:
    """The index behind the number that begins at a token; the same index if none does."""
    end = at
    if raw[at] in ("a", "an") and at + 1 < len(raw) and raw[at + 1] in _SCALES:
        end += 1
    if raw[end] in _SIGNS and end + 1 < len(raw) and raw[end + 1][0].isdigit():
        end += 1
    while end < len(raw):
        token = raw[end]
        joined = end > at and token in _JOINING and _is_number(raw, end + 1)
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

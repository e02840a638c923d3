"""How written words are spoken and pronounced, for the forced aligner."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_CURRENCY = {"$": "dollars", "€": "euros", "£": "pounds"}
_SUFFIX = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "x": "times"}
_SIGNS = {"%": "percent", "&": "and", "+": "plus", "@": "at"}
_NUMBER = re.compile(
    r"(?P<sign>[$€£]?)(?P<number>\d[\d,]*(?:\.\d+)?)(?P<ordinal>st|nd|rd|th)?(?P<suffix>k|m|bn|b|x)?",
    re.IGNORECASE,
)
# Nothing longer is a word, and numbers of thousands of digits cannot be said.
_MAX_WORD_CHARACTERS = 60
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'"})


def spoken_words(written: str) -> list[str]:
    """Return the words spoken for one written token, in lower case: "20%" → twenty, percent."""
    if len(written) > _MAX_WORD_CHARACTERS:
        return []
    text = written.lower().translate(_APOSTROPHES)
    for sign, word in _SIGNS.items():
        text = text.replace(sign, f" {word} ")
    text = _NUMBER.sub(_say_number, text)
    return [word for part in re.findall(r"[^\W\d_']+(?:'[^\W\d_]+)*", text) if (word := part)]


def _say_number(match: re.Match[str]) -> str:
    digits = match["number"].replace(",", "")
    is_year = re.fullmatch(r"(19|20)\d\d", match["number"]) and not match["sign"]
    words = _numbers().number_to_words(
        digits + (match["ordinal"] or ""), group=2 if is_year and digits[2:] != "00" else 0
    )
    scale = _SUFFIX.get((match["suffix"] or "").lower(), "")
    currency = _CURRENCY.get(match["sign"], "")
    return f" {words} {scale} {currency} ".replace("-", " ").replace(",", " ")


@lru_cache(maxsize=1)
def _numbers() -> Any:
    import inflect

    return inflect.engine()


def guess_pronunciation(word: str, lookup: Callable[[str], str | None]) -> str | None:
    """Return phones for a word that is not in the dictionary but consists of two words that are.

    "shelfsense" is pronounced as "shelf" and "sense"; None if there is no such split.
    """
    plain = word.replace("'", "")
    splits = [(plain[:cut], plain[cut:]) for cut in range(2, len(plain) - 1)]
    for left, right in sorted(splits, key=lambda split: abs(len(split[0]) - len(split[1]))):
        first, second = lookup(left), lookup(right)
        if first and second:
            return f"{first} {second}"
    stem = plain.removesuffix("s")
    if stem != plain and (phones := lookup(stem)):
        return f"{phones} Z"
    return None

"""How written tokens are said: figures and signs may stand for more than one word."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pitchquest_assets.model import Word

_CURRENCY = {"$": "dollars", "€": "euros", "£": "pounds"}
_SUFFIX = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "x": "times"}
_SIGNS = {"%": "percent", "&": "and", "+": "plus", "@": "at"}
_NUMBER = re.compile(
    r"(?P<sign>[$€£]?)(?P<number>\d[\d,]*(?:\.\d+)?)"
    r"(?:(?:(?P<ordinal>st|nd|rd|th)|(?P<plural>'?s)|(?<![a-z]\d)(?P<suffix>k|m|bn|b|x))"
    r"(?![^\W\d_]))?",
    re.IGNORECASE,
)
# Nothing longer is a word, and numbers with thousands of digits cannot be said.
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


def count_spoken(written: str, language: str | None) -> int:
    """Return how many words are spoken for one written token: 2 for "20%", 0 for a dash.

    Args:
        language: of the token; figures are counted in English only, and None counts as English.
    """
    if not any(character.isdigit() for character in written):
        return int(any(character.isalnum() or character in _SIGNS for character in written))
    return max(1, len(spoken_words(written))) if language in (None, "en") else 1


def spoken_times(words: Iterable[Word], language: str | None) -> list[float]:
    """Return the middle of its token, in seconds, for each spoken word (see `count_spoken`)."""
    return [
        (word.start_seconds + word.end_seconds) / 2
        for word in words
        for _ in range(count_spoken(word.text, language))
    ]


def _say_number(match: re.Match[str]) -> str:
    digits = match["number"].replace(",", "")
    is_year = re.fullmatch(r"(19|20)\d\d", match["number"]) and not match["sign"]
    words = _numbers().number_to_words(
        digits + (match["ordinal"] or ""), group=2 if is_year and digits[2:] != "00" else 0
    )
    if match["plural"]:
        words = _numbers().plural(words)
    scale = _SUFFIX.get((match["suffix"] or "").lower(), "")
    currency = _CURRENCY.get(match["sign"], "")
    return f" {words} {scale} {currency} ".replace("-", " ").replace(",", " ")


@lru_cache(maxsize=1)
def _numbers() -> Any:
    import inflect

    return inflect.engine()

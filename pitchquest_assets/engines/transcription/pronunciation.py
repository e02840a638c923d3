"""How written words are pronounced, for the forced aligner."""

from collections.abc import Callable

from pitchquest_assets.analysis.spoken import spoken_words

__all__ = ["guess_pronunciation", "spoken_words"]


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

"""How well a transcript agrees with what was said."""

import re

from rapidfuzz.distance import Levenshtein

from pitchquest_assets.analysis.spoken import spoken_words

# "$2 billion" is read "two billion dollars".
BEFORE_THE_SCALE = re.compile(r"\$([\d.,]+) (thousand|million|billion)")
WRITTEN = {"mr": "mister", "mrs": "missis", "dr": "doctor"}


def normalised(text: str) -> list[str]:
    """The words as they are spoken: lower case, without punctuation, numbers in words."""
    text = BEFORE_THE_SCALE.sub(r"\1 \2 dollars", text)
    words = [word for token in text.split() for word in spoken_words(token)]
    return [WRITTEN.get(word, word) for word in words]


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Words that are wrong, missing or too many, and the number of words that were said."""
    reference = normalised(said)
    return Levenshtein.distance(reference, normalised(heard)), len(reference)

"""Splits the words of a transcript into sentences with times."""

import re
from collections.abc import Sequence
from itertools import pairwise

from pitchquest_assets.analysis.content.boundaries import cut
from pitchquest_assets.model import Value, Word

# Longer sentences are cut. With fewer full stops than this, a text counts as unpunctuated.
MAX_WORDS_PUNCTUATED = 60
MIN_STOPS_PER_100_WORDS = 2.0

_STOP = re.compile(r"[.!?…]+[\"'”’)\]]*$")
_ABBREVIATION = re.compile(
    r"^[\"'“‘(]*(?:(?:mr|mrs|ms|dr|prof|st|vs|etc|inc|ltd|corp|co|approx|e\.g|i\.e)|[a-z]|(?:[a-z]\.)+[a-z])\.$",
    re.IGNORECASE,
)


class Sentence(Value):
    """One sentence, verbatim, from the start of its first word to the end of its last."""

    text: str
    start_seconds: float
    end_seconds: float
    word_count: int


def split_sentences(words: Sequence[Word]) -> list[Sentence]:
    """Split the words into sentences, in order; each word is in exactly one.

    With punctuation, a sentence ends at a full stop, question or exclamation mark (but not after an
    abbreviation). Without, it ends where the words and pauses say that a thought does
    (`boundaries.cut`), as does a sentence of more than 60 words.
    """
    spoken = [word for word in words if word.text.strip()]
    stops = sum(_ends_sentence(word.text.strip()) for word in spoken)
    punctuated = stops > 0 and stops * 100 >= MIN_STOPS_PER_100_WORDS * len(spoken)
    runs = _runs(spoken) if punctuated else [spoken]
    return [
        _sentence(piece)
        for run in runs
        for piece in ([run] if punctuated and len(run) <= MAX_WORDS_PUNCTUATED else _cut(run))
    ]


def plain(text: str) -> str:
    """Return the text in the form that patterns match: lower-case words, one space apart.

    Hyphens and commas become spaces, `/` becomes `per`, and typographic apostrophes become
    straight. Thousands separators and decimal points stay; um and uh are dropped.
    """
    text = text.lower().replace("’", "'").replace("/", " per ").replace("&", " and ")
    text = re.sub(r"(?<!\d)[.,]|[.,](?!\d)", " ", text)
    text = re.sub(r"[^\w\s'$€£%.,]", " ", text)
    text = re.sub(r"\b(?:um+|uh+|erm?|hmm+)\b", " ", text)
    return " ".join(text.split())


def _ends_sentence(text: str) -> bool:
    return bool(_STOP.search(text)) and not _ABBREVIATION.match(text)


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    """Split the words at full stops."""
    runs: list[list[Word]] = [[]]
    for word in words:
        runs[-1].append(word)
        if _ends_sentence(word.text.strip()):
            runs.append([])
    return [run for run in runs if run]


def _cut(words: Sequence[Word]) -> list[Sequence[Word]]:
    """Cut words without punctuation where thoughts end."""
    pauses = [after.start_seconds - word.end_seconds for word, after in pairwise(words)]
    return [words[first:end] for first, end in cut([word.text for word in words], pauses)]


def _sentence(words: Sequence[Word]) -> Sentence:
    return Sentence(
        text=" ".join(word.text.strip() for word in words),
        start_seconds=words[0].start_seconds,
        end_seconds=max(word.end_seconds for word in words),
        word_count=len(words),
    )

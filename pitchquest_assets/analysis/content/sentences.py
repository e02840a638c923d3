"""Splits the words of a transcript into sentences with times."""

import re
from collections.abc import Sequence

from pitchquest_assets.model import Value, Word

SENTENCE_PAUSE_SECONDS = 0.6
MAX_WORDS_UNPUNCTUATED = 25
MAX_WORDS_PUNCTUATED = 60
# With fewer full stops than this, the text counts as unpunctuated.
MIN_STOPS_PER_100_WORDS = 2.0
MIN_PIECE_WORDS = 4
# When cutting a long run, a word that often opens a sentence counts as this much extra pause.
OPENER_BONUS_SECONDS = 0.2

_STOP = re.compile(r"[.!?…]+[\"'”’)\]]*$")
_ABBREVIATION = re.compile(
    r"^[\"'“‘(]*(?:(?:mr|mrs|ms|dr|prof|st|vs|etc|inc|ltd|corp|co|approx|e\.g|i\.e)|[a-z]|(?:[a-z]\.)+[a-z])\.$",
    re.IGNORECASE,
)
_OPENERS = frozenset(
    "we we've we're our i i'm i've my there so but why what when every today this unlike they most "
    "imagine hi hello if".split()
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
    abbreviation). Without, it ends at a pause of 0.6 s, and a run of more than 25 words is cut at
    its longest pauses.
    """
    spoken = [word for word in words if word.text.strip()]
    stops = sum(_ends_sentence(word.text.strip()) for word in spoken)
    punctuated = stops > 0 and stops * 100 >= MIN_STOPS_PER_100_WORDS * len(spoken)
    longest = MAX_WORDS_PUNCTUATED if punctuated else MAX_WORDS_UNPUNCTUATED
    pieces: list[list[Word]] = []
    for run in _runs(spoken, by_pause=not punctuated):
        pieces.extend(_cut(run, longest))
    return [_sentence(piece) for piece in pieces]


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


def _runs(words: Sequence[Word], by_pause: bool) -> list[list[Word]]:
    """Split the words at full stops, or at pauses."""
    runs: list[list[Word]] = [[]]
    for index, word in enumerate(words):
        runs[-1].append(word)
        following = words[index + 1] if index + 1 < len(words) else None
        ends = _ends_sentence(word.text.strip())
        if by_pause and following is not None:
            pause_seconds = round(following.start_seconds - word.end_seconds, 3)
            ends = ends or pause_seconds >= SENTENCE_PAUSE_SECONDS
        if ends and following is not None:
            runs.append([])
    return [run for run in runs if run]


def _cut(run: list[Word], longest: int) -> list[list[Word]]:
    """Cut the run into pieces of at most `longest` words, at the longest pauses."""
    pieces, rest = [], [run]
    while rest:
        piece = rest.pop()
        if len(piece) <= longest:
            pieces.append(piece)
            continue
        places = range(MIN_PIECE_WORDS, len(piece) - MIN_PIECE_WORDS + 1)
        place = max(places, key=lambda at: _break_strength(piece, at))
        rest.extend((piece[place:], piece[:place]))
    return pieces


def _break_strength(piece: list[Word], at: int) -> tuple[float, float]:
    """How good a cut before word `at` is: the longer the pause, then the nearer to the middle."""
    pause_seconds = piece[at].start_seconds - piece[at - 1].end_seconds
    opens = piece[at].text.strip().lower().replace("’", "'") in _OPENERS
    strength = pause_seconds + (OPENER_BONUS_SECONDS if opens else 0.0)
    return round(strength, 2), -abs(at - len(piece) / 2)


def _sentence(words: list[Word]) -> Sentence:
    return Sentence(
        text=" ".join(word.text.strip() for word in words),
        start_seconds=words[0].start_seconds,
        end_seconds=max(word.end_seconds for word in words),
        word_count=len(words),
    )

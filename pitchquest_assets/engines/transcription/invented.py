"""Leaves out what Whisper wrote although nobody said it, as it does on noise and music."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pitchquest_assets.engines.transcription.trust import ENGLISH_FILLERS
from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Word

# Whisper's own limit. Speech: 0.45 or less on 17 recordings, and 0.22 or less under noise of -5 dB.
# No speech: 0.69 or more, except for something like singing (0.55); see docs/scoring.md.
MAX_NO_SPEECH_PROBABILITY = 0.6
# Whisper's own limit: text above it is a few words over and over.
MAX_COMPRESSION_RATIO = 2.4
# Our own choice: words of speech under noise of -5 dB were within 0.44 s of a voice.
MAX_SECONDS_FROM_VOICE = 0.5
# Music, a street and laughter that were taken for a voice gave words of the prompt, at 0.04 to 0.44
# on average; words of speech in other languages were at 0.10 or more.
MIN_ECHO_PROBABILITY = 0.5
MIN_PROBABILITY = 0.1
# Our own choice: a phrase said four times in a row, and eight words or more in all, is a loop.
MIN_REPEATS = 4
MIN_REPEATED_WORDS = 8
LONGEST_PHRASE_WORDS = 12
ECHOES = frozenset(
    re.findall(r"\w+", ENGLISH_FILLERS.lower()) + "mm mmm mhm hm uhm umm oh ooh ah yeah".split()
)

NO_SPEECH = "it does not sound like speech"
NO_VOICE = "there is no voice"
LOOP = "the same words came again and again"
ECHO = "they are only sounds such as “hmm”"
GUESS = "they are a mere guess"


class Heard(NamedTuple):
    """What Whisper wrote for one stretch of sound, with its own figures about it."""

    words: list[Word]
    no_speech_probability: float
    compression_ratio: float


def without_inventions(
    heard: Iterable[Heard], voice: Sequence[Span]
) -> tuple[list[Word], Counter[str]]:
    """Return the words that were said, and how many others are left out, by reason."""
    kept: list[Word] = []
    left_out: Counter[str] = Counter()
    for segment in heard:
        if reason := _reason(segment):
            left_out[reason] += len(segment.words)
            continue
        spoken = [word for word in segment.words if _is_near(word, voice)]
        left_out[NO_VOICE] += len(segment.words) - len(spoken)
        kept += spoken
    said = _without_loops(kept)
    left_out[LOOP] += len(kept) - len(said)
    return said, +left_out


def holes(
    words: Sequence[Word], voice: Sequence[Span], piece: Span, most_seconds: float
) -> list[Span]:
    """Return where more than `most_seconds` of voice in a piece are without words, in order.

    Each is (start, end) seconds between two words or beside them, from first to last voice.
    """
    start, end = piece
    ends = [start, *(word.end_seconds for word in words)]
    starts = [*(word.start_seconds for word in words), end]
    found = []
    for before, after in zip(ends, starts, strict=True):
        parts = [
            (max(first, before), min(last, after))
            for first, last in voice
            if max(first, before) < min(last, after)
        ]
        if sum(last - first for first, last in parts) > most_seconds:
            found.append((parts[0][0], parts[-1][1]))
    return found


def told(left_out: Counter[str]) -> list[str]:
    """Return a warning that says what was left out and why; [] if nothing was."""
    if not left_out:
        return []
    count = left_out.total()
    reasons = ", ".join(f"{reason} ({number})" for reason, number in left_out.most_common())
    words = (
        f"{count} words that Whisper wrote were" if count > 1 else "1 word that Whisper wrote was"
    )
    return [f"{words} left out, because nobody seems to have said them: {reasons}"]


def why_wordless(voice: Sequence[Span], left_out: Counter[str]) -> str:
    """Return why there are no words at all, for use in a sentence."""
    if left_out:
        return told(left_out)[0]
    if not voice:
        return "there is no voice in the sound"
    seconds = sum(end - start for start, end in voice)
    return f"Whisper made out none in the {seconds:.1f} s that seemed to be a voice"


def _reason(segment: Heard) -> str | None:
    if segment.no_speech_probability > MAX_NO_SPEECH_PROBABILITY:
        return NO_SPEECH
    if segment.compression_ratio > MAX_COMPRESSION_RATIO:
        return LOOP
    mean = sum(word.probability for word in segment.words) / max(len(segment.words), 1)
    if mean < MIN_ECHO_PROBABILITY and all(map(_may_be_echo, segment.words)):
        return ECHO
    return GUESS if mean < MIN_PROBABILITY else None


def _may_be_echo(word: Word) -> bool:
    """Whether a word is from the prompt, or a sound like those in it."""
    return _plain(word) in ECHOES


def _is_near(word: Word, voice: Sequence[Span]) -> bool:
    first = word.start_seconds - MAX_SECONDS_FROM_VOICE
    last = word.end_seconds + MAX_SECONDS_FROM_VOICE
    return any(start <= last and end >= first for start, end in voice)


def _without_loops(words: Sequence[Word]) -> list[Word]:
    """The words; of a phrase that repeats itself, only the first occurrence."""
    plain = [_plain(word) for word in words]
    kept: list[Word] = []
    at = 0
    while at < len(words):
        size, repeats = _loop_at(plain, at)
        kept += words[at : at + size]
        at += size * repeats
    return kept


def _loop_at(plain: Sequence[str], at: int) -> tuple[int, int]:
    """The length of the phrase that begins here and how often it occurs; (1, 1) without one."""
    for size in range(1, LONGEST_PHRASE_WORDS + 1):
        phrase, repeats = plain[at : at + size], 1
        while plain[at + size * repeats : at + size * (repeats + 1)] == phrase:
            repeats += 1
        if repeats >= MIN_REPEATS and size * repeats >= MIN_REPEATED_WORDS:
            return size, repeats
    return 1, 1


def _plain(word: Word) -> str:
    return word.text.casefold().strip(".,!?")

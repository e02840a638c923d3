"""Transcripts of texts spoken at an even pace, with a pause after each sentence or line."""

import re
from typing import Any

from pitchquest_assets.model import Transcript, Word

WORD_SECONDS = 0.35
GAP_SECONDS = 0.05
SENTENCE_GAP_SECONDS = 0.7


def speak(text: str, punctuated: bool = True, **overrides: Any) -> Transcript:
    """Return the text as a trusted transcript; without punctuation, words are in lower case."""
    words, clock = [], 0.0
    for line in _lines(text, punctuated):
        for token in line.split():
            end = clock + WORD_SECONDS
            shown = token if punctuated else re.sub(r"[^\w'$%,.-]|[.,](?!\d)", "", token.lower())
            words.append(
                Word(
                    text=shown,
                    start_seconds=round(clock, 2),
                    end_seconds=round(end, 2),
                    probability=0.9,
                )
            )
            stops = punctuated and re.search(r"[.!?]$", token)
            clock = end + (SENTENCE_GAP_SECONDS if stops else GAP_SECONDS)
        clock += 0.0 if punctuated else SENTENCE_GAP_SECONDS
    values: dict[str, Any] = {
        "text": " ".join(word.text for word in words),
        "words": words,
        "language": "en",
        "engine": "whisper",
        "trusted": True,
    }
    return Transcript(**(values | overrides))


def _lines(text: str, punctuated: bool) -> list[str]:
    """The pieces between pauses: sentences, or lines if the text has no full stops."""
    if punctuated:
        return [text]
    return re.split(r"(?<=[.!?])\s+|\n", text.strip())

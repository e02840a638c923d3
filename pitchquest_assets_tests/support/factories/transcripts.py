"""What is said: the script of the invented pitch, its words and its transcript."""

from typing import Any

from pitchquest_assets.model import Transcript, Word

NO_SOUND = "the file has no sound"
UNTRUSTED = "the mean word probability is 0.31, below 0.60: the words may be wrong"
SCRIPT = """
Every winter, one greenhouse in five loses its crop because the boiler fails at night and nobody
notices. Growers drive out at three in the morning to read a thermometer. We built Ember. Um, it is
a sensor the size of a coin that feels the boiler's vibration and calls you two hours before it
fails. There are ninety thousand greenhouses in Europe, and each one loses six thousand euros a
year. That is a market of five hundred and forty million euros. Our competitors sell climate
computers that cost twenty thousand euros. You know, we cost forty euros a month, and it sticks on
with a magnet. We have fourteen paying growers, and not one has left since March. I grew tomatoes
for eight years. My co-founder built vibration sensors for wind turbines. We are raising eight
hundred thousand euros to reach five hundred growers by next winter. Come and keep them warm.
"""
SECONDS_PER_WORD = 0.34
FILLERS = {"um", "uh"}


def words_of(script: str = SCRIPT, start_seconds: float = 0.6) -> list[Word]:
    """The words of a script at an even pace, with a pause after each sentence."""
    words, clock = [], start_seconds
    for index, text in enumerate(script.split()):
        length = SECONDS_PER_WORD * (0.6 + 0.08 * min(len(text), 9))
        probability = 0.42 if index % 37 == 23 else 0.97 - 0.02 * (index % 5)
        words.append(
            Word(
                text=text,
                start_seconds=round(clock, 2),
                end_seconds=round(clock + length, 2),
                probability=round(probability, 2),
            )
        )
        clock += length + (0.55 if text.endswith(".") else 0.05)
        clock += 2.1 if text == "notices." else 0.0
    return words


def second_of(text: str, words: list[Word] | None = None) -> float:
    """When the first of these words starts, seconds."""
    words = words if words is not None else words_of()
    wanted = text.split()
    for index in range(len(words)):
        if [word.text for word in words[index : index + len(wanted)]] == wanted:
            return words[index].start_seconds
    raise ValueError(f"{text!r} is not in the script")


def duration_of(words: list[Word]) -> float:
    """A duration that holds these words, seconds."""
    return round(words[-1].end_seconds + 1.2, 2) if words else 60.0


def transcript_value(**overrides: Any) -> Transcript:
    words = overrides.get("words", words_of())
    values: dict[str, Any] = {
        "text": " ".join(word.text for word in words),
        "words": words,
        "language": "en",
        "engine": "whisper",
        "model": "base.en",
        "mean_probability": 0.91,
        "trusted": True,
        "hint": "Give captions with --captions for exact words and fillers.",
    }
    return Transcript(**(values | overrides))


def no_transcript(reason: str = NO_SOUND) -> Transcript:
    """A transcript without a word."""
    return Transcript(text="", words=[], language=None, engine="none", trusted=False, reason=reason)

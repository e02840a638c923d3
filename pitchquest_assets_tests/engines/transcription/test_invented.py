import pytest

from pitchquest_assets.engines.transcription.invented import (
    ECHO,
    GUESS,
    LOOP,
    NO_SPEECH,
    NO_VOICE,
    Heard,
    holes,
    told,
    without_inventions,
)
from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Word

VOICE = ((0.0, 20.0), (60.0, 80.0))


def heard(
    text: str,
    start: float = 0.0,
    *,
    no_speech: float = 0.1,
    compression: float = 1.5,
    probability: float = 1.0,
) -> Heard:
    times = (start + i / 4 for i in range(len(text.split())))
    words = [
        Word(text=word, start_seconds=time, end_seconds=time + 0.2, probability=probability)
        for word, time in zip(text.split(), times, strict=True)
    ]
    return Heard(words, no_speech, compression)


SAID = "We sell shelves that count what is on them."


@pytest.mark.parametrize(
    ("made_up", "reason"),
    [
        (heard("Thank you.", 5, no_speech=0.67), NO_SPEECH),
        (heard("Thank you.", 40), NO_VOICE),
        (heard("Yeah. Yeah. Yeah.", 5, compression=7.7), LOOP),
        (heard("Mmm. Yeah. Um, so, uh, like, hmm.", 5, probability=0.44), ECHO),
        (heard("Uh, but, um,", 5, probability=0.04), GUESS),
    ],
    ids=["no speech", "no voice", "compresses well", "the prompt", "a guess"],
)
def test_what_nobody_said_is_left_out_with_the_reason(made_up: Heard, reason: str) -> None:
    words, left_out = without_inventions([heard(SAID), made_up], VOICE)
    assert " ".join(word.text for word in words) == SAID
    assert dict(left_out) == {reason: len(made_up.words)}


def test_speech_is_kept_up_to_what_was_measured_of_true_speech() -> None:
    said = [heard(SAID, no_speech=0.45), heard("And more.", 20.2), heard("Join us.", 80.2)]
    words, left_out = without_inventions(said, VOICE)
    assert (len(words), told(left_out)) == (13, [])


def test_fillers_that_were_said_and_another_language_are_kept() -> None:
    said = [
        heard("Um, so, uh,", probability=0.6),
        heard("um, shelves", 5, probability=0.45),
        heard("Wir bauen", 10, probability=0.1),
    ]
    words, left_out = without_inventions(said, VOICE)
    assert (len(words), told(left_out)) == (7, [])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("so thank you. Thank you. Thank you. thank you.", "so thank you."),
        ("um um um um um um um um we start", "um we start"),
        ("we build it " * 5 + "here", "we build it here"),
    ],
)
def test_of_a_loop_the_first_time_is_left(text: str, left: str) -> None:
    words, left_out = without_inventions([heard(text)], VOICE)
    assert " ".join(word.text for word in words) == left
    assert left_out[LOOP] == len(text.split()) - len(left.split())


@pytest.mark.parametrize(
    "text", ["Why now? Why now? Because.", "no, no, no, no, never", "we can, we can, we can win"]
)
def test_what_a_speaker_says_again_is_no_loop(text: str) -> None:
    words, left_out = without_inventions([heard(text)], VOICE)
    assert " ".join(word.text for word in words) == text
    assert told(left_out) == []


@pytest.mark.parametrize(
    ("starts", "found"),
    [
        ((), [(0.0, 20.0)]),
        ((12.0,), [(0.0, 10.0), (14.0, 20.0)]),
        ((0.0,), [(0.25, 20.0)]),
        ((0.0, 4.0, 8.0, 16.0, 19.0), [(0.25, 4.0), (4.25, 8.0), (8.25, 16.0)]),
        ((0.0, 2.0, 4.0, 6.0, 8.0, 15.0, 17.0, 19.0), []),
    ],
)
def test_voice_without_a_word_is_found(starts: tuple[float, ...], found: list[Span]) -> None:
    voice = ((0.0, 10.0), (14.0, 20.0))
    words = [
        Word(text="word", start_seconds=start, end_seconds=start + 0.25, probability=1)
        for start in starts
    ]
    assert holes(words, voice, (0.0, 20.0), most_seconds=3.0) == found


def test_the_warning_counts_words_and_names_reasons() -> None:
    made_up = [heard("Thank you.", 5, no_speech=0.9), heard("Bye.", 40)]
    _, left_out = without_inventions([heard(SAID), *made_up], VOICE)
    assert told(left_out) == [
        "3 words that Whisper wrote were left out, because nobody seems to have said them: "
        "it does not sound like speech (2), there is no voice (1)"
    ]

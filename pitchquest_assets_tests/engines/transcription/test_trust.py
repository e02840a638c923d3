import pytest

from pitchquest_assets.engines.transcription.alignment import AlignedWord, fill_gaps
from pitchquest_assets.engines.transcription.expected_errors import NOT_MEASURED
from pitchquest_assets.engines.transcription.trust import make_transcript, no_transcript
from pitchquest_assets.model import Transcriber, Transcript, Word


def transcript(
    *probabilities: float,
    engine: Transcriber = "openai",
    wordless_share: float = 0.0,
) -> Transcript:
    words = [
        Word(text="word", start_seconds=i, end_seconds=i + 0.5, probability=p)
        for i, p in enumerate(probabilities)
    ]
    return make_transcript(
        engine=engine,
        model="m",
        language="en",
        words=words,
        untrusted="unsure",
        hint="h",
        wordless_share=wordless_share,
    )


@pytest.mark.parametrize(
    ("probabilities", "trusted", "reason"),
    [
        ((0.9, 0.8), True, None),
        ((0.75,), True, None),
        ((0.9, 0.5), False, "unsure: mean word probability 0.70, 0.75 needed"),
        ((), False, "no words were recognised"),
    ],
)
def test_the_mean_word_probability_decides_on_trust_in_an_engine_that_was_not_measured(
    probabilities: tuple[float, ...], trusted: bool, reason: str | None
) -> None:
    made = transcript(*probabilities)
    assert (made.trusted, made.reason, made.hint) == (trusted, reason, "h")


@pytest.mark.parametrize("probability", [0.97, 0.6])
def test_the_expected_errors_decide_on_trust_in_whisper(probability: float) -> None:
    made = transcript(probability, engine="whisper")
    is_enough = probability > 0.9
    assert made.expected_wer is not None
    assert made.expected_wer_reason is None
    assert made.trusted == is_enough
    if not is_enough:
        assert (made.reason or "").startswith(f"unsure: about {made.expected_wer:.0%} of the words")


def test_a_sure_transcript_that_lacks_half_of_the_speech_is_not_trusted() -> None:
    made = transcript(0.99, engine="whisper", wordless_share=0.5)
    assert (made.expected_wer or 0) > 0.5
    assert not made.trusted


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (transcript(0.9), NOT_MEASURED),
        (transcript(engine="whisper"), "no words were recognised"),
        (no_transcript("the video has no sound", hint=None), "the video has no sound"),
    ],
)
def test_it_is_said_why_the_errors_are_not_known(made: Transcript, reason: str) -> None:
    assert (made.expected_wer, made.expected_wer_reason) == (None, reason)


def test_words_without_a_place_are_spread_between_their_neighbours() -> None:
    first, last = AlignedWord("a", 1.0, 2.0, 0.9), AlignedWord("d", 4.0, 5.0, 0.9)
    filled = fill_gaps(["a", "b", "c", "d", "e"], [first, None, None, last, None], 0.0, 6.0)
    assert filled[0] == first
    assert filled[1:3] == [AlignedWord("b", 2.0, 3.0, 0.0), AlignedWord("c", 3.0, 4.0, 0.0)]
    assert filled[4] == AlignedWord("e", 5.0, 6.0, 0.0)

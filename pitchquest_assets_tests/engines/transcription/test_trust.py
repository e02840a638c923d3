import pytest

from pitchquest_assets.engines.transcription.alignment import AlignedWord, fill_gaps
from pitchquest_assets.engines.transcription.trust import make_transcript
from pitchquest_assets.model import Transcript, Word


def transcript(*probabilities: float) -> Transcript:
    words = [
        Word(text="word", start_seconds=i, end_seconds=i + 0.5, probability=p)
        for i, p in enumerate(probabilities)
    ]
    return make_transcript(
        engine="pocketsphinx", model="m", language="en", words=words, untrusted="unsure", hint="h"
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
def test_the_mean_word_probability_decides_on_trust(
    probabilities: tuple[float, ...], trusted: bool, reason: str | None
) -> None:
    made = transcript(*probabilities)
    assert (made.trusted, made.reason, made.hint) == (trusted, reason, "h")


def test_words_without_a_place_are_spread_between_their_neighbours() -> None:
    first, last = AlignedWord("a", 1.0, 2.0, 0.9), AlignedWord("d", 4.0, 5.0, 0.9)
    filled = fill_gaps(["a", "b", "c", "d", "e"], [first, None, None, last, None], 0.0, 6.0)
    assert filled[0] == first
    assert filled[1:3] == [AlignedWord("b", 2.0, 3.0, 0.0), AlignedWord("c", 3.0, 4.0, 0.0)]
    assert filled[4] == AlignedWord("e", 5.0, 6.0, 0.0)

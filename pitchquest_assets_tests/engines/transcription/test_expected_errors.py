import pytest

from pitchquest_assets.engines.transcription.expected_errors import (
    CURVES,
    Curve,
    expected_wer,
    wordless_share,
)
from pitchquest_assets.model import Word


def words(*probabilities: float) -> list[Word]:
    return [
        Word(text="word", start_seconds=i, end_seconds=i + 0.5, probability=p)
        for i, p in enumerate(probabilities)
    ]


def test_half_of_the_words_are_wrong_at_the_middle_of_a_curve() -> None:
    curve = Curve(half=0.6, steepness=10.0)
    assert curve.at(0.6) == pytest.approx(0.5)
    assert curve.at(0.9) == pytest.approx(0.047, abs=0.001)


@pytest.mark.parametrize("engine", CURVES)
def test_the_surer_an_engine_is_the_fewer_errors_are_expected(engine: str) -> None:
    rates = [CURVES[engine].at(mean / 100) for mean in range(101)]  # type: ignore[index]
    assert rates == sorted(rates, reverse=True)
    assert all(0 <= rate <= 1 for rate in rates)


def test_the_mean_of_the_word_probabilities_decides() -> None:
    assert expected_wer("captions", words(0.9, 0.7)) == pytest.approx(
        CURVES["captions"].at(0.8), abs=0.001
    )


def test_a_voice_without_words_counts_as_words_that_are_missing() -> None:
    sure = expected_wer("whisper", words(1.0))
    assert sure is not None
    assert expected_wer("whisper", words(1.0), wordless_share=0.4) == pytest.approx(
        0.4 + 0.6 * sure, abs=0.001
    )


def test_nothing_is_expected_without_words_or_of_an_engine_that_was_not_measured() -> None:
    assert expected_wer("whisper", []) is None
    assert expected_wer("openai", words(0.9)) is None


@pytest.mark.parametrize(
    ("voice", "share"),
    [
        ([(0.0, 2.5)], 0.0),
        ([(0.0, 5.0)], 0.5),
        ([(0.0, 2.5), (10.0, 12.5)], 0.5),
        ([(20.0, 22.0)], 1.0),
        ([], 0.0),
    ],
)
def test_the_wordless_share_is_the_voice_further_than_a_second_from_words(
    voice: list[tuple[float, float]], share: float
) -> None:
    assert wordless_share(words(0.9, 0.9), voice) == pytest.approx(share)

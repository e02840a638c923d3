import numpy as np
import pytest

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.head import Floats
from pitchquest_assets.analysis.content.reading import OF_TEXTS, Reading, carrier, reading_of

OUTPUTS = (*FACTS, *(f"{item}.{fact}" for item in FACTS for fact in FACTS[item]), *OF_TEXTS)
SETTINGS = {
    "slopes": [1.0] * len(OUTPUTS),
    "shifts": [0.0] * len(OUTPUTS),
    "items": dict.fromkeys(FACTS, 0.5),
    "facts": dict.fromkeys(FACTS, 0.5),
    "gate": {
        "weights": [1.0, 0.0, 0.0],
        "bias": 0.0,
        "no_pitch": 0.3,
        "sure": 0.7,
        "nonsense": -2.0,
        "surely_nonsense": -1.0,
    },
}


def lines(shown: int, nonsense: float) -> Floats:
    """The log odds of two sentences that show so many items and sound so much like nonsense."""
    logits = np.full((2, len(OUTPUTS)), -9.0)
    logits[0, :shown] = 9.0
    logits[:, OUTPUTS.index("text.nonsense")] = nonsense
    return logits


def read(gate_logit: float, shown: int = 6, nonsense: float = -5.0) -> Reading:
    return reading_of(lines(shown, nonsense), OUTPUTS, SETTINGS, gate_logit)


@pytest.mark.parametrize(("gate_logit", "is_pitch"), [(-3.0, False), (0.0, None), (3.0, True)])
def test_what_is_half_sure_is_neither_refused_nor_sure(
    gate_logit: float, is_pitch: bool | None
) -> None:
    assert read(gate_logit).is_pitch is is_pitch


def test_only_what_surely_sounds_like_nonsense_is_refused() -> None:
    sure, unsure = read(3.0, nonsense=-0.5), read(3.0, nonsense=-1.5)
    assert (sure.is_pitch, sure.nonsense) == (False, True)
    assert (unsure.is_pitch, unsure.nonsense) == (True, True)


def test_a_vague_text_that_sounds_like_nonsense_is_doubted_only() -> None:
    assert read(3.0, shown=2, nonsense=-0.5).is_pitch is None


def test_log_odds_are_calibrated_before_they_are_compared_with_thresholds() -> None:
    calibration = {"slopes": [0.5] * len(OUTPUTS), "shifts": [1.0] * len(OUTPUTS)}
    logits = np.full((1, len(OUTPUTS)), -3.0)
    logits[0, 0] = -1.0
    reading = reading_of(logits, OUTPUTS, SETTINGS | calibration, 3.0)
    assert [item for item in FACTS if reading.shown[item]] == [next(iter(FACTS))]
    [shown] = reading.shown[next(iter(FACTS))]
    item, fact = 1 / (1 + np.exp([-0.5, 0.5]))
    assert shown.carries == pytest.approx(item + fact * len(FACTS[next(iter(FACTS))]))


def test_of_two_sentences_the_one_with_more_facts_is_quoted_though_the_other_is_surer() -> None:
    item = "team"
    places = [OUTPUTS.index(f"{item}.{fact}") for fact in FACTS[item]]
    logits = np.full((2, len(OUTPUTS)), -6.0)
    logits[:, OUTPUTS.index(item)] = [3.0, 2.0]
    logits[0, places[0]] = logits[1, places[0]] = logits[1, places[1]] = 2.0
    reading = reading_of(logits, OUTPUTS, SETTINGS, 3.0)
    assert carrier(reading.shown[item]).sentence == 1


def test_a_text_without_sentences_shows_nothing() -> None:
    reading = reading_of(np.zeros((0, len(OUTPUTS))), OUTPUTS, SETTINGS, -3.0)
    assert not any(reading.levels.values())
    assert reading.is_pitch is False

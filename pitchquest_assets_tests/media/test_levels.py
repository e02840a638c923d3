import numpy as np
import pytest

from pitchquest_assets.media.levels import levels_of, speech_gain
from pitchquest_assets_tests.support.voices import RATE, background, joined, tone


def test_a_level_is_the_power_of_30_ms_every_10_ms() -> None:
    levels = levels_of([tone(np.full(RATE, 200.0), 0.1), np.zeros(RATE, np.float32)])
    assert levels.shape == (200,)
    # Four harmonics of 0.05/k: half of the sum of their squares.
    expected = 10 * np.log10(0.05**2 * (1 + 1 / 4 + 1 / 9 + 1 / 16) / 2)
    assert np.median(levels[:100]) == pytest.approx(expected, abs=0.1)


def test_levels_do_not_depend_on_the_blocks() -> None:
    sound = background(RATE + 77, 0.01)
    pieces = np.split(sound, [33, 4_000, 4_001, 12_345])
    assert levels_of(pieces) == pytest.approx(levels_of([sound]))


def test_digital_silence_has_no_level_and_room_tone_has() -> None:
    last_bit = np.random.default_rng(0).choice([0.0, 1 / 32768], RATE, p=[0.9, 0.1])
    levels = levels_of([joined([np.zeros(RATE), last_bit, background(RATE, 0.0005)])])
    assert np.isnan(levels[1:199]).all()
    assert levels[202:] == pytest.approx(-66, abs=3)


@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0])
def test_the_gain_brings_speech_to_one_level_whatever_its_volume(gain: float) -> None:
    sound = gain * tone(np.full(2 * RATE, 150.0), 0.1)
    assert speech_gain(levels_of([sound])) * gain == pytest.approx(
        speech_gain(levels_of([sound / gain])), rel=0.01
    )


def test_silence_around_speech_does_not_change_the_gain() -> None:
    sound = tone(np.full(2 * RATE, 150.0), 0.1)
    padded = joined([np.zeros(30 * RATE), sound, np.zeros(30 * RATE)])
    assert speech_gain(levels_of([padded])) == pytest.approx(
        speech_gain(levels_of([sound])), rel=0.02
    )
    assert speech_gain(levels_of([np.zeros(RATE, np.float32)])) == 1
    assert speech_gain(levels_of([])) == 1

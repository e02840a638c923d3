from collections.abc import Callable, Iterable

import numpy as np
import pytest

from pitchquest_assets.analysis.curves import interpolate
from pitchquest_assets.analysis.delivery.pitch import (
    SEMITONES_PER_QUOTIENT,
    spread_of,
    track_pitch,
    varieties,
)
from pitchquest_assets.analysis.delivery.scores import PITCH_VARIETY_ANCHORS
from pitchquest_assets_tests.support.voices import RATE, background, joined, melody, tone, vowels

SECONDS = 12.0


def played(*blocks: np.ndarray) -> Callable[[], Iterable[np.ndarray]]:
    return lambda: blocks


def pitch_of(*blocks: np.ndarray) -> np.ndarray:
    frames = sum(-(-block.size // 160) for block in blocks)
    f0 = track_pitch(played(*blocks), np.ones(frames, bool))
    return f0[np.isfinite(f0)]


def variety_of(sound: np.ndarray) -> float:
    return spread_of(pitch_of(sound)) / SEMITONES_PER_QUOTIENT


def telephone(sound: np.ndarray) -> np.ndarray:
    """Only 300 to 3400 Hz of it: the fundamental is gone."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(sound.size, 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    return np.fft.irfft(spectrum, sound.size).astype(np.float32)


def test_a_steady_voice_has_its_pitch_and_no_variety() -> None:
    f0 = pitch_of(tone(np.full(5 * RATE, 200.0)))
    assert np.median(f0) == pytest.approx(200, abs=1)
    assert spread_of(f0) == pytest.approx(0, abs=0.05)


def test_the_spread_of_a_glide_over_an_octave_is_that_of_its_inner_eight_tenths() -> None:
    glide = 110 * 2 ** (np.arange(10 * RATE) / (10 * RATE))
    assert spread_of(pitch_of(tone(glide))) == pytest.approx(0.8 * 12 / 2.563, abs=0.1)


@pytest.mark.parametrize("median_hz", [65.0, 110.0, 210.0, 320.0])
def test_the_spread_is_that_of_the_melody_in_every_register(median_hz: float) -> None:
    contour = melody(SECONDS, 2.5, median_hz)
    assert spread_of(pitch_of(vowels(contour))) == pytest.approx(spread_of(contour), rel=0.15)
    assert np.median(pitch_of(vowels(contour))) == pytest.approx(median_hz, rel=0.03)


def test_the_score_rises_with_the_melody_and_a_flat_voice_has_none() -> None:
    measured = [variety_of(vowels(melody(SECONDS, 2.2 * times, 130))) for times in (0, 0.5, 1, 2)]
    scores = [interpolate(value, PITCH_VARIETY_ANCHORS) for value in measured]
    assert measured[0] < 0.04
    assert scores[0] < 1
    assert scores == sorted(set(scores))


@pytest.mark.parametrize(
    "change",
    [
        telephone,
        lambda sound: sound + background(sound.size, 0.01),
        lambda sound: np.clip(10 * sound, -1, 1),
        lambda sound: 0.1 * sound,
    ],
    ids=["telephone band", "noise", "overdriven", "quiet"],
)
def test_a_bad_line_leaves_the_variety_as_it_is(change: Callable[[np.ndarray], np.ndarray]) -> None:
    for semitones in (0.0, 2.5):
        sound = vowels(melody(SECONDS, semitones, 115))
        assert variety_of(change(sound).astype(np.float32)) == pytest.approx(
            variety_of(sound), rel=0.25, abs=0.01
        )


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.2, 2.0])
def test_a_higher_or_lower_voice_has_the_same_variety(factor: float) -> None:
    contour = melody(SECONDS, 2.5, 130)
    assert variety_of(vowels(factor * contour)) == pytest.approx(
        variety_of(vowels(contour)), rel=0.25
    )


def test_creak_and_jumps_to_an_octave_are_no_variety() -> None:
    contour = np.full(round(SECONDS * RATE), 120.0)
    for start in np.arange(1, SECONDS, 1.5):
        contour[round(start * RATE) : round((start + 0.12) * RATE)] = 60
    assert variety_of(vowels(contour)) < 0.04
    assert pitch_of(vowels(contour)).min() > 90


def test_blocks_join_to_the_same_track() -> None:
    sound = vowels(melody(8, 2, 150))
    whole, halves = pitch_of(sound), pitch_of(sound[: 4 * RATE], sound[4 * RATE :])
    assert spread_of(halves) == pytest.approx(spread_of(whole), rel=0.02)


def test_only_windows_with_a_second_of_pitch_have_a_variety() -> None:
    sound = joined([vowels(melody(6, 2, 150)), np.zeros(6 * RATE)])
    f0 = track_pitch(played(sound), np.ones(1200, bool))
    assert list(varieties(f0, [0.0, 6.0], 6.0)) == [0.0]


def test_too_little_pitch_and_no_sound_give_no_register_and_no_error() -> None:
    assert pitch_of(background(RATE // 4, 0.1)).size <= 25
    assert track_pitch(played(), np.zeros(0, bool)).size == 0
    assert np.isnan(track_pitch(played(np.zeros(RATE, np.float32)), np.ones(100, bool))).all()

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.media.pauses import between_pauses
from pitchquest_assets.media.sound import iter_blocks
from pitchquest_assets.media.voice import Span, Voice, hear
from pitchquest_assets_tests.support.sounds import audio_from, audio_of, speech_file
from pitchquest_assets_tests.support.voices import RATE, background, breath, joined

WINDOW_SECONDS = 512 / RATE
PHRASE = (0.5, 1.0)


def heard(
    loud: list[Span], seconds: float, *, background_db: float = -60, probability: float = 0.9
) -> Voice:
    """A voice at -20 dB that the detector takes for one span; it is sure of `loud` parts only."""
    times = np.arange(round(seconds * 100)) / 100 + 0.005
    inside = np.zeros(times.size, bool)
    for start, end in loud:
        inside |= (times > start) & (times < end)
    windows = (np.arange(int(seconds / WINDOW_SECONDS)) + 0.5) * WINDOW_SECONDS
    sure = [any(start < time < end for start, end in loud) for time in windows]
    return Voice(
        spans=((loud[0][0], loud[-1][1]),),
        probabilities=np.where(sure, probability, 0.4).astype(np.float32),
        first_seconds=0.0,
        levels_db=np.where(inside, -20.0, background_db),
    )


def pauses_of(spans: tuple[Span, ...]) -> list[Span]:
    return [(left[1], right[0]) for left, right in pairwise(spans)]


def test_a_pause_that_the_detector_joins_over_is_found_by_its_loudness() -> None:
    voice = heard([(0.5, 2.0), (2.4, 4.0)], 5)
    assert between_pauses(voice) == (pytest.approx((0.5, 2.0)), pytest.approx((2.4, 4.0)))


def test_a_gap_shorter_than_a_quarter_second_is_no_pause() -> None:
    assert len(between_pauses(heard([(0.5, 2.0), (2.24, 4.0)], 5))) == 1
    assert len(between_pauses(heard([(0.5, 2.0), (2.25, 4.0)], 5))) == 2


def test_a_background_nearly_as_loud_as_the_voice_leaves_it_to_the_detector() -> None:
    voice = heard([(0.5, 2.0), (2.4, 4.0)], 5, background_db=-26)
    sure = Voice(voice.spans, np.full(200, 0.9, np.float32), 0.0, voice.levels_db)
    assert between_pauses(sure) == (pytest.approx((0.5, 4.0)),)


def test_a_breath_is_part_of_the_pause_that_ends_with_it() -> None:
    voice = heard([(0.5, 2.0), (3.0, 4.0)], 5)
    levels = voice.levels_db.copy()
    levels[240:290] = -36  # half a second of breath before the next word
    breathing = Voice(voice.spans, voice.probabilities, 0.0, levels)
    assert pauses_of(between_pauses(breathing)) == [pytest.approx((2.0, 3.0))]


@pytest.mark.parametrize(("background_db", "begins"), [(-60, 2.4), (-33, 3.0)])
def test_loud_speech_that_the_detector_hardly_hears_is_no_pause_unless_noise_is_near(
    background_db: float, begins: float
) -> None:
    voice = heard([(0.5, 2.0), (3.0, 4.0)], 5, background_db=background_db)
    levels = voice.levels_db.copy()
    levels[240:300] = -26
    doubted = np.where(voice.probabilities > 0.5, voice.probabilities, 0.2).astype(np.float32)
    unsure = Voice(((0.5, 2.0), (3.0, 4.0)), doubted, 0.0, levels)
    assert pauses_of(between_pauses(unsure)) == [pytest.approx((2.0, begins))]


def test_a_click_does_not_divide_a_pause() -> None:
    voice = heard([(0.5, 2.0), (2.4, 2.43), (2.8, 4.0)], 5)
    assert pauses_of(between_pauses(voice)) == [pytest.approx((2.0, 2.8))]


def test_without_a_voice_there_is_no_speech() -> None:
    assert between_pauses(Voice((), np.zeros(9, np.float32), 0.0, np.full(30, -50.0))) == ()
    assert (
        between_pauses(Voice(((0.1, 0.2),), np.ones(9, np.float32), 0.0, np.full(30, np.nan))) == ()
    )


@pytest.fixture(scope="module")
def phrases(shared_media: Path) -> list[np.ndarray]:
    """Phrases of real speech, cut at their edges."""
    cut = []
    for name in ("jfk.flac", "librivox_0870.wav", "librivox_0890.wav"):
        audio = speech_file(shared_media / "speech" / name)
        samples = np.concatenate(list(iter_blocks(audio)))
        loudest = np.abs(samples).max()
        for start, end in between_pauses(hear(audio)):
            if end - start > 1:
                part = samples[round(start * RATE) : round(end * RATE)]
                cut.append(part * (0.5 / loudest))
    return cut


def spoken(phrases: list[np.ndarray], gaps: list[np.ndarray]) -> tuple[np.ndarray, list[Span]]:
    """The phrases with a gap after each but the last, over room tone; and where the gaps are."""
    parts, pauses, at = [], [], 0.0
    for index, phrase in enumerate(phrases):
        parts.append(phrase)
        at += len(phrase) / RATE
        if index < len(phrases) - 1:
            parts.append(gaps[index % len(gaps)])
            pauses.append((at, at + len(parts[-1]) / RATE))
            at = pauses[-1][1]
    samples = joined(parts)
    return samples + background(samples.size, 0.001), pauses


def found(samples: np.ndarray) -> list[Span]:
    return pauses_of(between_pauses(hear(audio_from((samples * 32767).round()))))


def test_pauses_of_real_speech_are_found_with_and_without_a_breath(
    phrases: list[np.ndarray],
) -> None:
    for air in (0.0, 0.02):
        quiet = np.zeros(round(0.15 * RATE))
        gaps = [joined([quiet, breath(seconds, air), quiet * 0.5]) for seconds in (0.2, 0.4, 0.6)]
        samples, pauses = spoken(phrases, gaps)
        measured = found(samples)
        for start, end in pauses:
            near = [one for one in measured if one[0] < end and one[1] > start]
            assert len(near) == 1, (air, start, near)
            assert near[0][0] == pytest.approx(start, abs=0.15)
            assert near[0][1] == pytest.approx(end, abs=0.15)


def test_overdriven_speech_keeps_its_pauses(shared_media: Path) -> None:
    """Its loudest parts are cut off, so that everything quiet seems louder beside them."""
    audio = audio_of(shared_media / "pitch_tts_720p.mp4")
    samples = next(iter_blocks(audio))
    whole = samples / np.abs(samples).max()
    before, after = found(whole), found(np.clip(10 * whole, -1, 1))
    assert len(after) == len(before) > 15
    assert np.ravel(after) == pytest.approx(np.ravel(before), abs=0.1)


@pytest.mark.parametrize("gain", [0.1, 10.0])
def test_volume_does_not_change_the_pauses(phrases: list[np.ndarray], gain: float) -> None:
    samples, _ = spoken([0.1 * phrase for phrase in phrases], [np.zeros(round(0.4 * RATE))])
    before, after = found(samples), found(np.clip(gain * samples, -1, 1))
    assert len(after) == len(before)
    assert np.allclose(after, before, atol=0.05)

from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.analysis.delivery.background import voice_over_background
from pitchquest_assets.media.levels import levels_of
from pitchquest_assets.media.pauses import between_pauses
from pitchquest_assets.media.sound import read_floats
from pitchquest_assets.media.voice import hear
from pitchquest_assets_tests.support.sounds import audio_from, noise, silence, speech_file
from pitchquest_assets_tests.support.voices import RATE, background, joined

SPEECH = [(1.0, 3.0), (4.0, 6.0)]


def talk(noise_level: float, *, padding: np.ndarray | None = None) -> np.ndarray:
    """Two stretches of a loud sound of 2 s with a second around each, over noise."""
    loud = background(2 * RATE, 0.1, seed=3)
    quiet = np.zeros(RATE)
    sound = joined([quiet, loud, quiet, loud, quiet])
    return sound + background(sound.size, noise_level)


def over_background(sound: np.ndarray) -> float:
    measured = voice_over_background(levels_of([sound.astype(np.float32)]), SPEECH)
    assert measured is not None
    return measured


@pytest.mark.parametrize("noise_db", [-60, -40, -30, -25])
def test_it_is_the_ratio_of_voice_and_noise_to_noise(noise_db: float) -> None:
    level = 10 ** (noise_db / 20)
    expected = 10 * np.log10((0.01 + level**2) / level**2)
    assert over_background(talk(level)) == pytest.approx(expected, abs=0.5)


def test_digital_silence_is_no_background() -> None:
    level = 0.003
    sound = talk(level)
    gated = sound.copy()
    gated[round(3.3 * RATE) : round(3.7 * RATE)] = 0
    gated[: RATE // 2] = 0
    assert over_background(gated) == pytest.approx(over_background(sound), abs=1)


def test_a_talk_without_a_pause_is_compared_with_its_quietest_moments() -> None:
    levels = levels_of([talk(0.01).astype(np.float32)])
    measured = voice_over_background(levels, [(0.0, 7.0)])
    assert measured == pytest.approx(18.5, abs=2)


def test_without_speech_there_is_nothing_to_compare() -> None:
    assert voice_over_background(np.full(100, -40.0), []) is None
    assert voice_over_background(np.full(100, np.nan), [(0.0, 1.0)]) is None


@pytest.fixture(scope="module")
def voice(shared_media: Path) -> np.ndarray:
    return read_floats(speech_file(shared_media / "speech" / "jfk.flac"))


@pytest.fixture(scope="module")
def others(shared_media: Path) -> np.ndarray:
    """Five people who talk at once."""
    files = sorted((shared_media / "speech").glob("librivox_*.wav"))
    made = np.zeros(11 * RATE)
    for index, file in enumerate(files):
        one = np.resize(read_floats(speech_file(file)), made.size)
        made += np.roll(one / one.std(), index * 7_001)
    return made


@pytest.mark.parametrize("kind", ["white noise", "babble", "music", "hum"])
def test_it_falls_as_the_noise_grows(voice: np.ndarray, others: np.ndarray, kind: str) -> None:
    added = others if kind == "babble" else noise(kind, 11)
    added = added[: voice.size] / added.std()
    measured = []
    for snr_db in (20, 10, 5):
        mixed = 0.3 * (voice + added * voice.std() * 10 ** (-snr_db / 20))
        heard = hear(audio_from((mixed * 32767).round()))
        measured.append(voice_over_background(heard.levels_db, between_pauses(heard)))
    assert None not in measured
    assert measured == sorted(set(measured), reverse=True)
    assert measured[0] - measured[-1] > 8


def test_silence_before_and_after_changes_nothing(voice: np.ndarray) -> None:
    samples = (0.3 * voice * 32767).round().astype(np.int16)
    measured = []
    for seconds in (0, 5, 30):
        heard = hear(audio_from(np.concatenate([silence(seconds), samples, silence(seconds)])))
        measured.append(voice_over_background(heard.levels_db, between_pauses(heard)))
    assert measured == [pytest.approx(measured[0], abs=0.2)] * 3

"""Made voices whose pitch, pauses and breaths are known exactly; float32 mono at 16 kHz."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RATE = 16_000
Samples = npt.NDArray[np.float32]
# Two formants of an open vowel: centre and width in Hz, and their share.
FORMANTS = ((700.0, 130.0, 1.0), (1200.0, 180.0, 0.6), (2600.0, 300.0, 0.25))


def tone(f0_hz: np.ndarray, level: float | np.ndarray = 0.3) -> Samples:
    """A voice-like sound: four harmonics of a pitch that varies, shape (n,)."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    made = level * sum(np.sin(k * phase) / k for k in range(1, 5)) / 2
    return np.asarray(made, np.float32)


def melody(
    seconds: float, semitones: float, median_hz: float = 120.0, seed: int = 0
) -> npt.NDArray[np.float64]:
    """A pitch that wanders as in speech, with that standard deviation in semitones, shape (n,)."""
    random = np.random.default_rng(seed)
    points = random.normal(0, 1, int(seconds * 3) + 2)
    times = np.arange(round(seconds * RATE)) / RATE
    wandering = np.interp(times * 3, np.arange(points.size), points)
    wandering = (wandering - np.median(wandering)) / wandering.std()
    return median_hz * np.asarray(2 ** (semitones * wandering / 12))


def vowels(f0_hz: npt.NDArray[np.float64], per_second: float = 4.0) -> Samples:
    """Syllables of an open vowel on a pitch: harmonics up to 4 kHz under formants, shape (n,)."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    made = np.zeros(f0_hz.size)
    for k in range(1, int(4000 / f0_hz.min()) + 1):
        share = sum(s * np.exp(-(((k * f0_hz - c) / w) ** 2) / 2) for c, w, s in FORMANTS)
        made += (share + 0.02) * np.sin(k * phase) * (k * f0_hz < 4000)
    times = np.arange(f0_hz.size) / RATE
    made *= 0.35 + 0.65 * np.sin(np.pi * per_second * times) ** 2
    return np.asarray(0.3 * made / np.abs(made).max(), np.float32)


def background(samples: int, level: float, seed: int = 0) -> Samples:
    """White noise of that standard deviation, shape (samples,)."""
    return np.random.default_rng(seed).normal(0, level, samples).astype(np.float32)


def breath(seconds: float, level: float, seed: int = 1) -> Samples:
    """A breath: noise between 500 Hz and 4 kHz that swells and fades, shape (n,)."""
    samples = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0, 1, samples))
    hertz = np.fft.rfftfreq(samples, 1 / RATE)
    made = np.fft.irfft(spectrum * ((hertz > 500) & (hertz < 4000)), samples)
    made *= np.hanning(samples)
    return np.asarray(level * made / made.std(), np.float32)


def joined(parts: Sequence[np.ndarray]) -> Samples:
    """Return the parts one after the other."""
    return np.concatenate(parts).astype(np.float32)

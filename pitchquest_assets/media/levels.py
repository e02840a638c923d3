"""How loud a sound is, every 10 ms, and the gain that brings its speech to one level."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pitchquest_assets.media.sound import SAMPLE_RATE_HZ

STEP_SECONDS = 0.01
STEP_SAMPLES = round(STEP_SECONDS * SAMPLE_RATE_HZ)
# Each level is the power of three steps, so of 30 ms: two periods of a deep voice.
STEPS_PER_LEVEL = 3
# The lowest bit of 16, and nothing else: what codecs and editors write where there is no sound.
DIGITAL_SILENCE_DB = -88.0
# A loud frame of speech ends up at this level; the gain stops where noise would become a voice.
SPEECH_PERCENTILE = 95
SPEECH_DB = -20.0
MAX_GAIN_DB = 50.0

Levels = npt.NDArray[np.float64]


def levels_of(blocks: Iterable[npt.NDArray[np.float32]]) -> Levels:
    """Return the level of each 10 ms in dB of full scale, shape (frames,).

    It is NaN where there is digital silence.

    Args:
        blocks: consecutive pieces of the sound, float32 (n,), mono, 16 kHz, in [-1, 1).
    """
    pieces: list[Levels] = []
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block]) if held.size else block
        whole = held.size // STEP_SAMPLES * STEP_SAMPLES
        pieces.append(_powers(held[:whole]))
        held = held[whole:]
    if held.size:
        pieces.append(_powers(np.pad(held, (0, STEP_SAMPLES - held.size))))
    powers = np.concatenate(pieces) if pieces else np.zeros(0)
    if not powers.size:
        return powers
    smooth = np.convolve(powers, np.full(STEPS_PER_LEVEL, 1 / STEPS_PER_LEVEL), mode="same")
    decibels: Levels = 10 * np.log10(np.maximum(smooth, 1e-12))
    return np.where(decibels > DIGITAL_SILENCE_DB, decibels, np.nan)


def speech_gain(levels_db: Levels) -> float:
    """Return the factor that brings the loud frames to the level of speech; 1 if all is silence."""
    heard = levels_db[np.isfinite(levels_db)]
    if not heard.size:
        return 1.0
    missing_db = SPEECH_DB - float(np.percentile(heard, SPEECH_PERCENTILE))
    return float(10 ** (min(missing_db, MAX_GAIN_DB) / 20))


def _powers(samples: npt.NDArray[np.float32]) -> Levels:
    powers: Levels = np.square(samples, dtype=np.float64).reshape(-1, STEP_SAMPLES).mean(axis=1)
    return powers

"""Pitch by Praat in two passes: the first finds the speaker's register, the second measures in it.

One pass over everything that a voice can do (75–500 Hz) often takes half or twice the pitch for the
pitch, and the spread is then that of these errors. De Looze & Hirst (2008) adapt floor and
ceiling to the quartiles of a first pass.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pitchquest_assets.media.levels import STEP_SAMPLES, STEP_SECONDS
from pitchquest_assets.media.sound import SAMPLE_RATE_HZ

# 60 Hz, so that a deep voice has its own floor.
FIRST_REGISTER = (60.0, 500.0)
# Quartiles need no more, and the first pass costs a third: samples at half the rate, a wider step.
FIRST_DIVISOR = 2
FIRST_STEP_SECONDS = 4 * STEP_SECONDS
# 1.5 is usual for calm speech and 2.5 for lively speech.
FLOOR_OF_FIRST_QUARTILE = 0.75
CEILING_OF_THIRD_QUARTILE = 2.0
# Less pitch than this says nothing about a register.
MIN_REGISTER_SECONDS = 0.5
# Praat's pitch windows hold this many periods of the floor.
PERIODS_PER_WINDOW = 3
# What lies further from the melody around it is creak or a jump of the measurement to an octave.
MAX_JUMP_SEMITONES = 9.0
# Half a second of pitch; "around it" is the piece and its two neighbours.
PIECE_FRAMES = 50
SEMITONES_PER_OCTAVE = 12.0
# P90 − P10 of a normal distribution is 2.563 times its standard deviation.
DEVIATIONS_P10_TO_P90 = 2.563
# On either side, pitch may be wrong in as many as a tenth of the frames.
OUTER_PERCENTILES = (10, 90)
# 12 / ln 2: a spread of 17.31 semitones is a quotient SD / mean of 1, for small ones.
SEMITONES_PER_QUOTIENT = 17.31

Array = npt.NDArray[np.float64]
Blocks = Callable[[], Iterable[npt.NDArray[np.float32]]]
Register = tuple[float, float]


def track_pitch(blocks: Blocks, in_speech: npt.NDArray[np.bool_]) -> Array:
    """Return the pitch of each 10 ms in Hz, shape (frames,); NaN where there is none.

    Args:
        blocks: gives the sound, from its beginning at each call, as float32 (n,), mono, 16 kHz; all
            blocks but the last are whole steps of 10 ms.
        in_speech: which frames belong to speech, shape (frames,); only they say what the speaker's
            register is, and only in them creak and jumps are removed.
    """
    register = _register(_rough_pitch(blocks, in_speech))
    f0 = _track(blocks, register or FIRST_REGISTER)
    if register is not None:
        f0[in_speech] = _without_jumps(f0[in_speech])
    return f0


def grid_of(samples: int) -> Array:
    """Return the middles of a block's frames in seconds, shape (frames,)."""
    frames = -(-samples // STEP_SAMPLES)
    middles: Array = (np.arange(frames, dtype=np.float64) + 0.5) * STEP_SECONDS
    return middles


def spread_of(f0_hz: Array) -> float:
    """Return how far pitch spreads in semitones: its standard deviation, without the outer tenths.

    Args:
        f0_hz: pitch where there is one, shape (n,), n > 0.
    """
    low, high = np.percentile(np.log2(f0_hz), OUTER_PERCENTILES)
    return float(SEMITONES_PER_OCTAVE * (high - low) / DEVIATIONS_P10_TO_P90)


def _rough_pitch(blocks: Blocks, in_speech: npt.NDArray[np.bool_]) -> Array:
    """The pitch of the speech where there is one, every 40 ms, in Hz."""
    pieces, first = [np.zeros(0)], 0
    for block in blocks():
        steps = _whole_steps(block).reshape(-1, STEP_SAMPLES)
        spoken = steps[in_speech[first : first + len(steps)]]
        first += len(steps)
        sound = spoken.reshape(-1, FIRST_DIVISOR).mean(axis=1)
        found = _praat(sound, SAMPLE_RATE_HZ // FIRST_DIVISOR, FIRST_REGISTER, FIRST_STEP_SECONDS)
        if found is not None:
            f0 = found.selected_array["frequency"]
            pieces.append(f0[f0 > 0])
    return np.concatenate(pieces)


def _track(blocks: Blocks, register: Register) -> Array:
    pieces = [_pitch(block, register) for block in blocks()]
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _pitch(block: npt.NDArray[np.float32], register: Register) -> Array:
    grid = grid_of(len(block))
    pitch = _praat(_whole_steps(block), SAMPLE_RATE_HZ, register, STEP_SECONDS)
    if pitch is None:
        return np.full(grid.shape, np.nan)
    f0 = pitch.selected_array["frequency"]
    # Praat's frames lie on the grid or half a step off it, the same in each block of whole steps.
    nearest = np.floor((grid - pitch.x1) / pitch.dx + 0.25).astype(int)
    nearest = np.clip(nearest, 0, f0.size - 1)
    return np.where(f0[nearest] > 0, f0[nearest], np.nan)


def _whole_steps(block: npt.NDArray[np.float32]) -> Array:
    """The block with silence up to a whole step of 10 ms."""
    return np.pad(block.astype(np.float64), (0, -len(block) % STEP_SAMPLES))


def _praat(samples: Array, rate_hz: int, register: Register, step_seconds: float) -> Any:
    """Praat's pitch; None if the sound is silent or too short for it."""
    import parselmouth

    floor, ceiling = register
    if samples.size / rate_hz < PERIODS_PER_WINDOW / floor + step_seconds or not samples.any():
        return None
    sound = parselmouth.Sound(samples, rate_hz)
    return sound.to_pitch_ac(step_seconds, floor, pitch_ceiling=ceiling)


def _register(f0_hz: Array) -> Register | None:
    """The speaker's floor and ceiling in Hz; None if there is too little pitch to know them.

    Args:
        f0_hz: pitch every 40 ms where there is one, shape (n,).
    """
    if f0_hz.size * FIRST_STEP_SECONDS < MIN_REGISTER_SECONDS:
        return None
    first, third = np.percentile(f0_hz, (25, 75))
    return FLOOR_OF_FIRST_QUARTILE * float(first), CEILING_OF_THIRD_QUARTILE * float(third)


def _without_jumps(f0_hz: Array) -> Array:
    """The same pitch, NaN where it leaves the melody around it by most of an octave."""
    voiced = np.flatnonzero(np.isfinite(f0_hz))
    octaves = np.log2(f0_hz[voiced])
    kept = f0_hz.copy()
    for piece in range(0, voiced.size, PIECE_FRAMES):
        around = octaves[max(0, piece - PIECE_FRAMES) : piece + 2 * PIECE_FRAMES]
        within = slice(piece, piece + PIECE_FRAMES)
        distance = SEMITONES_PER_OCTAVE * np.abs(octaves[within] - np.median(around))
        kept[voiced[within][distance > MAX_JUMP_SEMITONES]] = np.nan
    return kept


def varieties(f0_hz: Array, starts_seconds: Sequence[float], seconds: float) -> dict[float, float]:
    """Return the spread, as a quotient, of each window by its start.

    Windows with less than a second of pitch are left out.

    Args:
        f0_hz: pitch every 10 ms from time 0, NaN where there is none, shape (frames,).
        starts_seconds: when each window begins.
        seconds: the length of a window.
    """
    found = {}
    for start in starts_seconds:
        first = round(start / STEP_SECONDS)
        window = f0_hz[first : first + round(seconds / STEP_SECONDS)]
        voiced = window[np.isfinite(window)]
        if voiced.size * STEP_SECONDS >= 1.0:
            found[start] = spread_of(voiced) / SEMITONES_PER_QUOTIENT
    return found

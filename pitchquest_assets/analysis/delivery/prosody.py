"""Pitch and loudness by Praat: tracks every 10 ms, and figures derived from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pitchquest_assets.analysis.delivery.pitch import (
    SEMITONES_PER_OCTAVE,
    Array,
    Blocks,
    grid_of,
    track_pitch,
)
from pitchquest_assets.media.levels import STEP_SAMPLES, STEP_SECONDS
from pitchquest_assets.media.pauses import frames_inside
from pitchquest_assets.media.sound import SAMPLE_RATE_HZ
from pitchquest_assets.media.voice import Span

# Praat's intensity windows hold 3.2 periods of this frequency, so 32 ms.
INTENSITY_MIN_PITCH_HZ = 100.0
# Below Praat's reference of 2e-5 is digital silence; half a 16-bit step is close to it.
SILENCE_DB = 0.0
MIN_VOICED_SECONDS = 2.0
# De Jong & Wempe 2009: a syllable nucleus is a voiced peak at least 2 dB above the dip before it
# and at most 25 dB below the loudest (99th percentile).
NUCLEUS_DIP_DB = 2.0
NUCLEUS_RANGE_DB = 25.0


@dataclass(frozen=True)
class Tracks:
    """Pitch and loudness over time; all arrays have the shape (frames,), frames are 10 ms apart."""

    times_seconds: Array
    f0_hz: Array  # NaN where unvoiced
    intensity_db: Array
    in_speech: npt.NDArray[np.bool_]

    @property
    def voiced(self) -> npt.NDArray[np.bool_]:
        """Which frames of speech have a pitch, shape (frames,)."""
        return self.in_speech & np.isfinite(self.f0_hz)

    @property
    def semitones(self) -> Array:
        """Pitch relative to the speaker's median, in semitones; NaN outside voiced speech."""
        f0 = np.where(self.voiced, self.f0_hz, np.nan)
        if not self.voiced.any():
            return f0
        relative: Array = SEMITONES_PER_OCTAVE * np.log2(f0 / np.nanmedian(f0))
        return relative


def measure_tracks(blocks: Blocks, speech: Sequence[Span]) -> Tracks:
    """Measure pitch (see `track_pitch`) and intensity (dB) block by block.

    Args:
        blocks: see `track_pitch`.
        speech: spans of speech as (start, end) seconds.
    """
    levels = [_intensity(block) for block in blocks()]
    intensity = np.concatenate(levels) if levels else np.zeros(0)
    in_speech = frames_inside(speech, intensity.size)
    times = grid_of(intensity.size * STEP_SAMPLES)
    return Tracks(times, track_pitch(blocks, in_speech), intensity, in_speech)


def _intensity(block: npt.NDArray[np.float32]) -> Array:
    import parselmouth

    grid = grid_of(len(block))
    if grid.size * STEP_SECONDS < 6.4 / INTENSITY_MIN_PITCH_HZ + STEP_SECONDS:
        return np.full(grid.shape, SILENCE_DB)
    sound = parselmouth.Sound(block.astype(np.float64), SAMPLE_RATE_HZ)
    intensity = sound.to_intensity(INTENSITY_MIN_PITCH_HZ, STEP_SECONDS)
    levels: Array = np.interp(grid, intensity.xs(), np.maximum(intensity.values[0], SILENCE_DB))
    return levels


def has_enough_voice(tracks: Tracks) -> bool:
    """Whether there is enough voiced speech for pitch statistics."""
    return bool(tracks.voiced.sum() * STEP_SECONDS >= MIN_VOICED_SECONDS)


def percentile_range(values: Array) -> float:
    """Return P95 − P5 of the values, in their unit."""
    low, high = np.percentile(values, [5, 95])
    return float(high - low)


def count_syllables(tracks: Tracks) -> int:
    """Count syllable nuclei by intensity and voicing (De Jong & Wempe 2009)."""
    levels = tracks.intensity_db
    if levels.size < 3 or not tracks.voiced.any():
        return 0
    floor = np.percentile(levels[tracks.in_speech], 99) - NUCLEUS_RANGE_DB
    inner = levels[1:-1]
    peaks = np.flatnonzero((inner > levels[:-2]) & (inner >= levels[2:])) + 1
    nuclei = 0
    dip_from = 0
    for index, peak in enumerate(peaks):
        dip = levels[dip_from:peak].min() if peak > dip_from else -np.inf
        if levels[peak] < floor or levels[peak] - dip < NUCLEUS_DIP_DB:
            continue
        following = peaks[index + 1] if index + 1 < len(peaks) else levels.size
        near = slice(max(0, peak - 2), min(peak + 3, following))
        if tracks.voiced[near].any():
            nuclei += 1
        dip_from = int(peak)
    return nuclei


def resample(
    tracks: Tracks, values: Array, step_seconds: float
) -> tuple[Array, list[float | None]]:
    """Return the middle of each step (seconds) and the median of its `values`.

    A median is None if the step has no finite value.
    """
    if not tracks.times_seconds.size:
        return np.zeros(0), []
    step = (tracks.times_seconds // step_seconds).astype(int)
    centres = (np.arange(step[-1] + 1) + 0.5) * step_seconds
    medians: list[float | None] = []
    for index in range(step[-1] + 1):
        part = values[np.searchsorted(step, index) : np.searchsorted(step, index + 1)]
        finite = part[np.isfinite(part)]
        medians.append(round(float(np.median(finite)), 2) if finite.size else None)
    return centres, medians

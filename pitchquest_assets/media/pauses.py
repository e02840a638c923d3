"""Where somebody speaks and where there is a pause, to 10 ms.

The voice detector alone joins phrases over a breath or a short pause, and a threshold of loudness
alone takes room noise for speech. So a frame is speech if the detector hears a voice and the sound
is not down at its background; where it is only moderately loud, as a breath is, the detector must
be sure of that very window. And what is as loud as the speech and far above the background is
speech although the detector, in an echoing room, is hardly sure of it. All thresholds are relative
to the loudness of the speech.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pitchquest_assets.media.levels import STEP_SECONDS, Levels
from pitchquest_assets.media.sound import SAMPLE_RATE_HZ
from pitchquest_assets.media.voice import (
    MIN_PAUSE_SECONDS,
    VOICE_PROBABILITY,
    WINDOW_SAMPLES,
    Span,
    Voice,
)

# "The loudness of the speech" is that of its loudest tenth, "the background" that of the quietest
# twentieth of everything between the first and the last voice.
LOUD_PERCENTILE = 90
BACKGROUND_PERCENTILE = 5
# Louder speech is overdriven: its loudest parts are cut off. Its loudness is then taken from its
# quieter parts, which are usually so far below.
OVERDRIVEN_DB = -6.0
QUIETER_PERCENTILE = 30
QUIETER_BELOW_SPEECH_DB = 10.0
# Praat's own threshold of silence: 25 dB below the loud speech.
SILENCE_BELOW_SPEECH_DB = 25.0
# Over a background that is louder than that, silence is whatever is hardly above it, ...
SILENCE_ABOVE_BACKGROUND_DB = 3.0
# ... unless speech stands out so little that the two cannot be told apart by loudness.
LEAST_BELOW_SPEECH_DB = 15.0
# Breaths and the tails of words are this much below loud speech.
BREATH_BELOW_SPEECH_DB = 12.0
# As loud as the speech itself; this probability is enough then, if the background is not near.
LOUD_BELOW_SPEECH_DB = 9.0
LOUD_VOICE_PROBABILITY = 0.1
# Shorter bursts, as of lips or a mouse, are no speech.
SHORTEST_SPEECH_SECONDS = 0.05

Mask = npt.NDArray[np.bool_]


def between_pauses(voice: Voice) -> tuple[Span, ...]:
    """Return where somebody speaks: (start, end) seconds; the gaps are pauses of 0.25 s or more."""
    is_voice = frames_inside(voice.spans, voice.levels_db.size)
    levels = np.nan_to_num(voice.levels_db, nan=-np.inf)
    if not np.isfinite(levels[is_voice]).any():
        return ()
    voiced = np.flatnonzero(is_voice)
    talk = slice(voiced[0], voiced[-1] + 1)
    loud, background = _loudness(levels[is_voice], levels[talk])
    times = (np.arange(levels.size) + 0.5) * STEP_SECONDS - voice.first_seconds
    windows = (times * SAMPLE_RATE_HZ // WINDOW_SAMPLES).astype(int)
    probabilities = voice.probabilities[np.clip(windows, 0, voice.probabilities.size - 1)]
    is_sure = probabilities >= VOICE_PROBABILITY
    active = is_voice & (levels > _silence(loud, background))
    active &= is_sure | (levels > loud - BREATH_BELOW_SPEECH_DB)
    if loud - background > LEAST_BELOW_SPEECH_DB:
        is_loud = levels > loud - LOUD_BELOW_SPEECH_DB
        active[talk] |= (is_loud & (probabilities >= LOUD_VOICE_PROBABILITY))[talk]
    return _joined(active)


def frames_inside(spans: Sequence[Span], frames: int) -> Mask:
    """Return which frames of 10 ms lie inside the spans, shape (frames,)."""
    inside = np.zeros(frames, dtype=bool)
    for start, end in spans:
        inside[round(start / STEP_SECONDS) : round(end / STEP_SECONDS)] = True
    return inside


def _loudness(voice: Levels, talk: Levels) -> tuple[float, float]:
    """The level of loud speech, and that of the background, in dB."""
    loud, quieter = np.percentile(voice[np.isfinite(voice)], (LOUD_PERCENTILE, QUIETER_PERCENTILE))
    if loud > OVERDRIVEN_DB:
        loud = max(loud, quieter + QUIETER_BELOW_SPEECH_DB)
    return float(loud), float(np.percentile(talk[np.isfinite(talk)], BACKGROUND_PERCENTILE))


def _silence(loud: float, background: float) -> float:
    """The level below which nobody speaks, in dB."""
    silence = max(loud - SILENCE_BELOW_SPEECH_DB, background + SILENCE_ABOVE_BACKGROUND_DB)
    return min(silence, loud - LEAST_BELOW_SPEECH_DB)


def _joined(active: Mask) -> tuple[Span, ...]:
    """Stretches of active frames, joined over gaps that are no pauses."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    spans: list[Span] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        start, end = first * STEP_SECONDS, last * STEP_SECONDS
        if end - start < SHORTEST_SPEECH_SECONDS - STEP_SECONDS / 2:
            continue
        if spans and start - spans[-1][1] < MIN_PAUSE_SECONDS - STEP_SECONDS / 2:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)

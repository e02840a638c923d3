"""Where the sound begins after silences, and how far from there words begin."""

from collections.abc import Iterator, Sequence

import numpy as np

from pitchquest_assets.model import Word
from pitchquest_assets_tests.support.sounds import RATE

MIN_PAUSE_SECONDS = 0.4
FRAME_SECONDS = 0.01
# A voice is this much louder than the quietest tenth of the recording, and at most this much
# quieter than its loudest parts.
OVER_SILENCE_DB, UNDER_SPEECH_DB = 15.0, 35.0
# How many frames are looked at after an onset, and how many are loud; clicks are shorter.
LOOKED_AT, LOUD = 5, 3
# A word further from an onset than this is another word, or was not heard.
SAME_WORD_SECONDS = 1.5


def onsets(samples: np.ndarray) -> list[float]:
    """Seconds at which the sound begins after at least 0.4 s of silence."""
    size = round(FRAME_SECONDS * RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(float)
    levels = 10 * np.log10((frames**2).mean(1) + 1)
    silence, speech = np.quantile(levels, (0.1, 0.95))
    is_loud = levels > max(silence + OVER_SILENCE_DB, speech - UNDER_SPEECH_DB)
    starts, quiet = [], 0.0
    for index, loud in enumerate(is_loud):
        lasts = is_loud[index : index + LOOKED_AT].sum() >= LOUD
        if loud and lasts and quiet >= MIN_PAUSE_SECONDS:
            starts.append(index * FRAME_SECONDS)
        quiet = 0.0 if loud else quiet + FRAME_SECONDS
    return starts


def first_words_late(starts: Sequence[float], heard: Sequence[Word]) -> Iterator[float]:
    """For each onset, the seconds by which the first word that lasts beyond it begins late."""
    for onset in starts:
        after = [w for w in heard if (w.start_seconds + w.end_seconds) / 2 > onset]
        if after and abs(after[0].start_seconds - onset) < SAME_WORD_SECONDS:
            yield after[0].start_seconds - onset

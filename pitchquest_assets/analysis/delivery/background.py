"""How far the voice stands out from what else is heard: noise, hum, music, other people."""

from collections.abc import Sequence

import numpy as np

from pitchquest_assets.media.levels import STEP_SECONDS, Levels
from pitchquest_assets.media.pauses import frames_inside
from pitchquest_assets.media.voice import Span

# The edges of words, and the echo of a room after them, are not background.
BEFORE_SPEECH_SECONDS = 0.1
AFTER_SPEECH_SECONDS = 0.2
# With less than this between the words, the background is taken from what is left.
MIN_BACKGROUND_SECONDS = 0.5
# If nobody is ever silent: the quietest moments of the speech.
QUIET_PERCENTILE = 5


def voice_over_background(levels_db: Levels, speech: Sequence[Span]) -> float | None:
    """Return the mean power of the speech over the usual power of its pauses, in dB.

    The background is taken in the pauses of the talk; if they are too short, also before and after
    it; and if those are too short or digitally silent, in the quietest moments of the speech. So it
    falls with any noise, speech of others included. None without speech.

    Args:
        levels_db: see `levels_of`; NaN where the sound is digitally silent, which says nothing.
        speech: spans of speech as (start, end) seconds.
    """
    spoken = levels_db[frames_inside(speech, levels_db.size)]
    spoken = spoken[np.isfinite(spoken)]
    if not spoken.size:
        return None
    voice = 10 * float(np.log10(np.mean(10 ** (spoken / 10))))
    near = [
        (max(0.0, start - BEFORE_SPEECH_SECONDS), end + AFTER_SPEECH_SECONDS)
        for start, end in speech
    ]
    elsewhere = np.where(frames_inside(near, levels_db.size), np.nan, levels_db)
    first, last = (round(time / STEP_SECONDS) for time in (speech[0][0], speech[-1][1]))
    for part in (elsewhere[first:last], elsewhere):
        heard = part[np.isfinite(part)]
        if heard.size * STEP_SECONDS >= MIN_BACKGROUND_SECONDS:
            return voice - float(np.median(heard))
    return voice - float(np.percentile(spoken, QUIET_PERCENTILE))

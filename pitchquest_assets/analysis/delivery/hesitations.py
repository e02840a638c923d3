"""Finds hesitations that were heard, but that no engine has written down.

Whisper drops most of what is said as "um" or "uh". What is left of it is voice with a steady pitch
between two words. The limits are our own choice; what they find is in docs/scoring.md.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pitchquest_assets.analysis.delivery.pitch import Array
from pitchquest_assets.analysis.delivery.prosody import Tracks, percentile_range
from pitchquest_assets.media.levels import STEP_SECONDS
from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Event, Word

TEXT = "hesitation, heard but not transcribed"
MIN_SECONDS = 0.25
MAX_SECONDS = 1.0
# Engines often place a word too late, which leaves its beginning over; that is shorter than this.
MAX_BEGINNING_SECONDS = 0.4
# Read words last no longer than this, with few exceptions.
MOST_OF_A_WORD_SECONDS = 0.2
MOST_OF_A_LETTER_SECONDS = 0.07
# A word cannot be said so fast: it was placed wrongly, and its sound may be beside it.
MIN_WORD_SECONDS = 0.05
# Praat may lose the pitch for a moment: 30 ms.
LOST_FRAMES = 3
# A hesitation keeps its pitch, words move by more.
MAX_RANGE_SEMITONES = 1.5
# From the medians of the speaker's voice.
MAX_FROM_MEDIAN_SEMITONES = 6.0
MAX_BELOW_MEDIAN_DB = 12.0
# If words were missed, they make up the rest of the voice between two others.
MIN_SHARE_OF_VOICE = 0.7


def find_hesitations(
    tracks: Tracks, words: Sequence[Word], fillers: Sequence[Event]
) -> list[Event]:
    """Return hesitations without a word as events of the kind "filler", in order of time.

    Args:
        tracks: pitch and loudness of the whole sound.
        words: all that were transcribed, in order of time; without any, nothing is found.
        fillers: those among the words; nothing is found beside one, because engines place an "um"
            up to half a second after its sound.
    """
    if not words or not tracks.voiced.any():
        return []
    return [
        Event(
            kind="filler",
            start_seconds=round(start, 3),
            end_seconds=round(end, 3),
            text=TEXT,
            transcribed=False,
        )
        for gap in _gaps(tracks, words, fillers)
        for start, end in _steady_voice(tracks, gap)
    ]


def _gaps(tracks: Tracks, words: Sequence[Word], fillers: Sequence[Event]) -> Iterator[slice]:
    """The frames between two words, and before and after all, except beside doubtful words."""
    ends = np.maximum.accumulate([0.0, *(word.end_seconds for word in words)])
    starts = [*map(_latest_start, words), np.inf]
    firsts = np.searchsorted(tracks.times_seconds, ends)
    lasts = np.searchsorted(tracks.times_seconds, starts)
    filler_times = {time for one in fillers for time in (one.start_seconds, one.end_seconds)}
    doubts = [
        word.end_seconds - word.start_seconds < MIN_WORD_SECONDS
        or not filler_times.isdisjoint((word.start_seconds, word.end_seconds))
        for word in words
    ]
    beside = [a or b for a, b in pairwise([False, *doubts, False])]
    for first, last, is_beside in zip(firsts, lasts, beside, strict=True):
        if (last - first) * STEP_SECONDS >= MIN_SECONDS and not is_beside:
            yield slice(int(first), int(last))


def _latest_start(word: Word) -> float:
    """When a word begins at the latest, because engines let it begin with the hesitation before it.

    A figure is read as words of unknown length, so its start is taken as it is.
    """
    if any(character.isdigit() for character in word.text):
        return word.start_seconds
    letters = sum(character.isalpha() for character in word.text)
    usual = MOST_OF_A_WORD_SECONDS + MOST_OF_A_LETTER_SECONDS * letters
    return max(word.start_seconds, word.end_seconds - usual)


def _steady_voice(tracks: Tracks, gap: slice) -> list[Span]:
    """The voice in a gap that sounds like hesitation; [] if there is much other voice."""
    voiced = np.isfinite(tracks.f0_hz)
    runs = [slice(gap.start + a, gap.start + b) for a, b in _runs(voiced[gap])]
    steady = [run for run in runs if _is_steady(tracks, run) and not _begins_a_word(voiced, run)]
    voice = int(voiced[gap].sum())
    if sum(run.stop - run.start for run in steady) < MIN_SHARE_OF_VOICE * voice:
        return []
    times = tracks.times_seconds
    return [(float(times[run.start]), float(times[run.stop - 1])) for run in steady]


def _begins_a_word(voiced: npt.NDArray[np.bool_], run: slice) -> bool:
    """Whether a short run of voice goes on in the next word."""
    is_short = (run.stop - run.start) * STEP_SECONDS < MAX_BEGINNING_SECONDS
    return bool(is_short and voiced[run.stop : run.stop + LOST_FRAMES].any())


def _goes_on(voiced: npt.NDArray[np.bool_], run: slice) -> bool:
    """Whether the voice goes on into the next word, which is often placed too late."""
    return bool(voiced[run.stop : run.stop + LOST_FRAMES].any())


def _runs(voiced: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of voiced frames as (first, end); pitch that is lost for a moment does not end one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], voiced.astype(int), [0]])))
    runs: list[tuple[int, int]] = []
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and first - runs[-1][1] <= LOST_FRAMES:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((first, end))
    return runs


def _is_steady(tracks: Tracks, run: slice) -> bool:
    """Whether a run of voice is as long, as even and as loud as a hesitation of the speaker."""
    if not MIN_SECONDS <= (run.stop - run.start) * STEP_SECONDS <= MAX_SECONDS:
        return False
    f0, speech = tracks.f0_hz[run], tracks.f0_hz[tracks.voiced]
    pitch: Array = 12 * np.log2(f0[np.isfinite(f0)] / np.median(speech))
    quietest = np.median(tracks.intensity_db[tracks.voiced]) - MAX_BELOW_MEDIAN_DB
    return bool(
        percentile_range(pitch) <= MAX_RANGE_SEMITONES
        and abs(np.median(pitch)) <= MAX_FROM_MEDIAN_SEMITONES
        and np.median(tracks.intensity_db[run]) >= quietest
    )

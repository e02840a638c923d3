"""Sub-scores 0–10 and a word for the pace, from the measurements of a voice.

The anchors are our own choice, the bands of the pace those of the Airflow predecessor.
"""

from pitchquest_assets.analysis.curves import Anchors, score_of
from pitchquest_assets.model import Measurement, Pace, Score

SLOW_WPM = 110.0
FAST_WPM = 160.0
PACE_ANCHORS: Anchors = (
    (60, 0),
    (90, 5),
    (SLOW_WPM, 10),
    (FAST_WPM, 10),
    (190, 5),
    (230, 0),
)
# Flat enough that one pause which is a quarter second long in one codec, and less in another, does
# not move the score of a short talk by half a point.
PAUSE_RATIO_ANCHORS: Anchors = ((0, 4), (0.16, 9), (0.20, 10), (0.30, 10), (0.45, 5.5), (0.70, 0))
LONG_PAUSE_ANCHORS: Anchors = ((0.5, 10), (1.5, 8), (4, 3), (8, 0))
FILLER_ANCHORS: Anchors = ((0, 10), (1, 9.5), (4, 7), (8, 3), (15, 0))
# Rises throughout: liveliness grows with pitch variety (Hincks 2005), without a known limit.
PITCH_VARIETY_ANCHORS: Anchors = (
    (0.01, 0),
    (0.04, 0.8),
    (0.11, 5),
    (0.18, 8),
    (0.235, 9),
    (0.45, 10),
)


def pace_of(wpm: float | None) -> Pace | None:
    """Return the band that words per minute lie in; None if they could not be measured."""
    if wpm is None:
        return None
    return "slow" if wpm < SLOW_WPM else "fast" if wpm > FAST_WPM else "optimal"


def score_delivery(
    measured: dict[str, Measurement], *, fillers_are_bound: bool
) -> dict[str, Score]:
    """Return the sub-scores of the voice, 0–10, by name; null if the measurement is.

    Args:
        measured: the measurements by name, as `delivery.analyse` makes them.
        fillers_are_bound: the transcriber leaves fillers out, so there may be more.
    """
    scores = {
        "pace": _scored(measured, "speech_rate", PACE_ANCHORS, "{:.0f} words per minute"),
        "pauses": _scored(
            measured, "pause_ratio", PAUSE_RATIO_ANCHORS, "{:.0%} of the talk is silence"
        ),
        "fillers": _scored(
            measured, "fillers_per_100_words", FILLER_ANCHORS, "{:.1f} fillers per 100 words"
        ),
        "pitch_variety": _scored(
            measured, "pitch_variety", PITCH_VARIETY_ANCHORS, "pitch variety quotient {:.2f}"
        ),
    }
    if fillers_are_bound and scores["fillers"].value is not None:
        scores["fillers"] = scores["fillers"].model_copy(update={"is_bound": True})
    by_length = _scored(
        measured, "long_pauses_per_minute", LONG_PAUSE_ANCHORS, "{:.1f} pauses over 2 s a minute"
    )
    if (by_length.value or 0) < (scores["pauses"].value or 0):
        scores["pauses"] = by_length
    return scores


def _scored(measured: dict[str, Measurement], name: str, anchors: Anchors, basis: str) -> Score:
    """The score of a measurement, which keeps its name."""
    return score_of(measured[name], anchors, basis).model_copy(update={"measurement": name})

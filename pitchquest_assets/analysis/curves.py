"""Scores from measurements: straight lines between named anchors."""

from collections.abc import Sequence

import numpy as np

Anchors = Sequence[tuple[float, float]]


def interpolate(value: float, anchors: Anchors) -> float:
    """The score 0–10 of a measurement, one decimal; flat beyond the first and last anchor."""
    x, y = zip(*anchors, strict=True)
    return round(float(np.interp(value, x, y)), 1)

"""Builds measurements, and scores from them by linear interpolation between anchors."""

from collections.abc import Sequence

import numpy as np

from pitchquest_assets.model import Measurement, Score

Anchors = Sequence[tuple[float, float]]


def interpolate(value: float, anchors: Anchors) -> float:
    """Return the score 0–10, to one decimal; constant beyond the first and last anchor."""
    x, y = zip(*anchors, strict=True)
    return round(float(np.interp(value, x, y)), 1)


def known(
    value: float | None, unit: str, reason: str | None, reference: str | None = None
) -> Measurement:
    """Build a measurement; its value is null if a reason is given."""
    rounded = None if reason or value is None else round(value, 4)
    return Measurement(value=rounded, unit=unit, reason=reason, reference=reference)


def score_of(measured: Measurement, anchors: Anchors, basis: str) -> Score:
    """Score a measurement, 0–10; null with the measurement's reason if that is null.

    Args:
        basis: a format string for the value, such as "{:.0f} words per minute".
    """
    if measured.value is None:
        return Score(value=None, reason=measured.reason)
    return Score(
        value=interpolate(measured.value, anchors),
        basis=basis.format(measured.value),
    )

"""Measurements, and scores from them along straight lines between named anchors."""

from collections.abc import Sequence

import numpy as np

from pitchquest_assets.model import Measurement, Score

Anchors = Sequence[tuple[float, float]]


def interpolate(value: float, anchors: Anchors) -> float:
    """The score 0–10 of a measurement, one decimal; flat beyond the first and last anchor."""
    x, y = zip(*anchors, strict=True)
    return round(float(np.interp(value, x, y)), 1)


def known(
    value: float | None, unit: str, reason: str | None, reference: str | None = None
) -> Measurement:
    """A measurement, or null where there is a reason for it."""
    rounded = None if reason or value is None else round(value, 4)
    return Measurement(value=rounded, unit=unit, reason=reason, reference=reference)


def score_of(
    measured: Measurement, anchors: Anchors, basis: str, *, is_bound: bool = False
) -> Score:
    """The score of a measurement with its basis in words, or null with the measurement's reason.

    Args:
        basis: a format string that takes the value.
    """
    if measured.value is None:
        return Score(value=None, reason=measured.reason)
    return Score(
        value=interpolate(measured.value, anchors),
        basis=basis.format(measured.value),
        is_bound=is_bound,
    )

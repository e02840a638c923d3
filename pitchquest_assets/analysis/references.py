"""Whether a measurement lies in its own reference range, as the reference's text gives it."""

import re
from typing import Literal, NamedTuple

from pitchquest_assets.model import Measurement

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_RANGE = re.compile(rf"{_NUMBER}\s*–\s*{_NUMBER}")
_LOWEST = re.compile(rf"(?:above|at least) {_NUMBER}|{_NUMBER} or more")
_HIGHEST = re.compile(rf"(?:below|at most) {_NUMBER}")

Side = Literal["below", "above"]


class Bounds(NamedTuple):
    """The ends of a reference range; None where it is open."""

    low: float | None = None
    high: float | None = None

    def side(self, value: float) -> Side | None:
        """Return on which side of the range a value lies; None inside it."""
        if self.low is not None and value < self.low:
            return "below"
        return "above" if self.high is not None and value > self.high else None


def bounds_of(reference: str | None) -> Bounds:
    """Return the range that a reference begins with, such as "110–160" or "below 4; a bound".

    It is open on both sides if the text names no range.
    """
    text = reference or ""
    if found := _RANGE.match(text):
        return Bounds(float(found[1]), float(found[2]))
    if found := _LOWEST.match(text):
        return Bounds(low=float(found[1] or found[2]))
    if found := _HIGHEST.match(text):
        return Bounds(high=float(found[1]))
    return Bounds()


def side_of(measured: Measurement) -> Side | None:
    """Return on which side of its reference a measurement lies; None inside, or without one."""
    if measured.value is None:
        return None
    return bounds_of(measured.reference).side(measured.value)

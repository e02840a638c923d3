"""Rolling windows over a talk, and the one that is most like the whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pitchquest_assets.media.voice import Span

WINDOW_SECONDS = 30.0
STEP_SECONDS = 5.0
# So that a rate over no time at all is a number.
SHORTEST_SECONDS = 0.001


@dataclass(frozen=True)
class Windows:
    """Windows of 30 s, or of the whole of a shorter talk, one every 5 s."""

    duration_seconds: float

    @property
    def length_seconds(self) -> float:
        """The length of each window."""
        return max(SHORTEST_SECONDS, min(WINDOW_SECONDS, self.duration_seconds))

    @cached_property
    def starts_seconds(self) -> list[float]:
        """When each window begins."""
        last = self.duration_seconds - self.length_seconds
        return [float(start) for start in np.arange(0, max(0.0, last) + 0.001, STEP_SECONDS)]

    @property
    def middles_seconds(self) -> list[float]:
        """The middle of each window."""
        return [start + self.length_seconds / 2 for start in self.starts_seconds]

    def rates_per_minute(self, times_seconds: Iterable[float]) -> list[float]:
        """How many of the times lie in each window, a minute."""
        times = np.array(list(times_seconds))
        counts = [
            int(((times >= start) & (times < start + self.length_seconds)).sum())
            for start in self.starts_seconds
        ]
        return [60 * count / self.length_seconds for count in counts]

    def shares(self, spans: Sequence[Span]) -> list[float]:
        """The share of each window that the spans take."""
        length = self.length_seconds
        return [
            sum(max(0.0, min(end, first + length) - max(start, first)) for start, end in spans)
            / length
            for first in self.starts_seconds
        ]


def typical_time(
    times_seconds: Iterable[float], values: Iterable[float | None], overall: float | None
) -> float | None:
    """The first time whose value is nearest to the overall one; None where there is neither."""
    if overall is None:
        return None
    distances = [
        (abs(value - overall), time)
        for time, value in zip(times_seconds, values, strict=True)
        if value is not None
    ]
    return round(min(distances)[1], 2) if distances else None

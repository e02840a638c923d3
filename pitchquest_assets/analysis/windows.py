"""Rolling windows over a talk, and the one most like the whole talk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pitchquest_assets.media.voice import Span

WINDOW_SECONDS = 30.0
STEP_SECONDS = 5.0
# Avoids a division by zero for an empty talk.
SHORTEST_SECONDS = 0.001


@dataclass(frozen=True)
class Windows:
    """Windows of 30 s, or of the whole talk if it is shorter, one every 5 s.

    The talk begins at `first_seconds` and lasts `duration_seconds`.
    """

    duration_seconds: float
    first_seconds: float = 0.0

    @property
    def length_seconds(self) -> float:
        """The length of a window."""
        return max(SHORTEST_SECONDS, min(WINDOW_SECONDS, self.duration_seconds))

    @cached_property
    def starts_seconds(self) -> list[float]:
        """When each window begins."""
        last = self.duration_seconds - self.length_seconds
        starts = np.arange(0, max(0.0, last) + 0.001, STEP_SECONDS)
        return [self.first_seconds + float(start) for start in starts]

    @property
    def middles_seconds(self) -> list[float]:
        """The middle of each window."""
        return [start + self.length_seconds / 2 for start in self.starts_seconds]

    def rates_per_minute(self, times_seconds: Iterable[float]) -> list[float]:
        """Return how many of the times lie in each window, per minute."""
        times = np.array(list(times_seconds))
        counts = [
            int(((times >= start) & (times < start + self.length_seconds)).sum())
            for start in self.starts_seconds
        ]
        return [60 * count / self.length_seconds for count in counts]

    def shares(self, spans: Sequence[Span]) -> list[float]:
        """Return the share (0–1) of each window that the spans cover."""
        length = self.length_seconds
        return [
            sum(max(0.0, min(end, first + length) - max(start, first)) for start, end in spans)
            / length
            for first in self.starts_seconds
        ]


def typical_time(
    times_seconds: Iterable[float], values: Iterable[float | None], overall: float | None
) -> float | None:
    """Return the first time whose value is nearest to `overall`; None if there is no value."""
    if overall is None:
        return None
    distances = [
        (abs(value - overall), time)
        for time, value in zip(times_seconds, values, strict=True)
        if value is not None
    ]
    return round(min(distances)[1], 2) if distances else None

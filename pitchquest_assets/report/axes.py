"""Maps seconds and values to the timeline's box of 1000 × 100 units, and draws curves in it."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pitchquest_assets.model import Series
from pitchquest_assets.report.formatting import clock, figure

BOX_WIDTH = 1000.0
BOX_HEIGHT = 100.0
MAX_POINTS = 600
MAX_TICKS = 7
TICK_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
GAP_IN_STEPS = 2.5

Point = tuple[float, float | None]
Span = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """A text beside an axis; `at` is its position in percent of the axis."""

    at: float
    text: str


@dataclass(frozen=True)
class TimeAxis:
    """The horizontal axis, from the start of the file."""

    duration_seconds: float

    def x(self, seconds: float) -> float:
        """Return box units from the left; times outside the axis are put at its ends."""
        return round(min(BOX_WIDTH, max(0.0, seconds / self.duration_seconds * BOX_WIDTH)), 1)

    def ticks(self) -> tuple[Label, ...]:
        """Return at most MAX_TICKS round times."""
        fits = (step for step in TICK_STEPS_SECONDS if self.duration_seconds / step < MAX_TICKS)
        step = next(fits, max(1, int(self.duration_seconds / (MAX_TICKS - 1))))
        times = range(0, int(self.duration_seconds) + 1, step)
        return tuple(Label(round(self.x(time) / 10, 2), clock(time)) for time in times)


@dataclass(frozen=True)
class ValueAxis:
    """The vertical axis, bottom to top; values outside are put at its ends."""

    low: float
    high: float

    def y(self, value: float) -> float:
        """Return box units from the top."""
        share = (value - self.low) / (self.high - self.low)
        return round(BOX_HEIGHT * (1 - min(1.0, max(0.0, share))), 1)

    def labels(self, *values: float, signed: bool = False) -> tuple[Label, ...]:
        """Return labels of the values, rounded to whole numbers, at their heights."""
        return tuple(
            Label(
                self.y(value), ("+" if signed and round(value) > 0 else "") + figure(round(value))
            )
            for value in values
        )


def measured(series: Series | None) -> list[float]:
    """Return the values of a series without nulls; [] without a series."""
    return [value for value in series.values if value is not None] if series else []


def decimate(series: Series, axis: TimeAxis, most: int = MAX_POINTS) -> list[Point]:
    """Return the series in order of time with at most `most` points, means of equal spans.

    A span in which nothing was measured becomes one null, so that gaps stay visible.
    """
    points = sorted(zip(series.times_seconds, series.values, strict=True), key=lambda one: one[0])
    if len(points) <= most:
        return points
    spans: dict[int, list[Point]] = {}
    for time, value in points:
        spans.setdefault(min(most - 1, int(axis.x(time) / BOX_WIDTH * most)), []).append(
            (time, value)
        )
    return [_mean_of(span) for span in spans.values()]


def _mean_of(points: Sequence[Point]) -> Point:
    values = [value for _, value in points if value is not None]
    time = statistics.fmean(time for time, _ in points)
    return time, statistics.fmean(values) if values else None


def path(points: Sequence[Point], time_axis: TimeAxis, value_axis: ValueAxis) -> str:
    """Return the curve as SVG path data, broken at gaps; a lone point becomes a dot."""
    return " ".join(
        "M"
        + "L".join(f"{time_axis.x(time)} {value_axis.y(value)}" for time, value in run)
        + ("h0" if len(run) == 1 else "")
        for run in _runs(points)
    )


def _runs(points: Sequence[Point]) -> list[list[tuple[float, float]]]:
    """Runs of points without gaps: a null or a jump in time ends a run."""
    steps = [after[0] - before[0] for before, after in pairwise(points)]
    longest = GAP_IN_STEPS * statistics.median(steps) if steps else 0.0
    runs: list[list[tuple[float, float]]] = []
    before: float | None = None
    for time, value in points:
        if value is None:
            before = None
            continue
        if before is None or time - before > longest:
            runs.append([])
        runs[-1].append((time, value))
        before = time
    return runs


def cells(points: Sequence[Point], axis: TimeAxis) -> list[Span]:
    """Return the span that each point stands for, halfway to its neighbours, in seconds."""
    halfway = ((before[0] + after[0]) / 2 for before, after in pairwise(points))
    return list(pairwise([0.0, *halfway, axis.duration_seconds]))


def joined(spans: Iterable[Span], gap_seconds: float) -> list[Span]:
    """Return the spans in order of time; those closer than the gap are merged."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start - whole[-1][1] <= gap_seconds:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole

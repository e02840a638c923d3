"""Whether scores drift: compares the newer half of the last results with the older half.

There is drift if the answer to either of two questions is yes. The simple rule: did the mean score
move by more than 15 points, or its standard deviation by more than 50 %? And a test of each figure:
could a difference this large between the halves be chance? The test is the two-sided Student's
t-test with equal variances, which Evidently calls `t_test`. It is the most powerful of Evidently's
tests that give a p-value (benchmarks/drift.py): `mannw` is one-sided and never sees a fall, and
`anderson` never gives a p-value below 0.001, which is too coarse for fifty figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime

from pitchquest_assets.model import Value

MAX_RESULTS = 100
MIN_RESULTS = 20
MAX_MEAN_SHIFT = 15.0  # points of 100
MAX_STD_CHANGE = 0.5  # share of the older half's
SCORE = "overall_score"
METHOD = "t_test"
# The chance of a false alarm over all figures, divided evenly among them (Bonferroni).
FAMILY_ERROR = 0.02
# A figure with fewer values in a half than this is not tested.
MIN_VALUES = 5

Floats = NDArray[np.float64]


class ScoredResult(Value):
    """The figures of one result (null if not measured), and what they were made with."""

    created_at: AwareDatetime
    figures: dict[str, float | None]
    made_with: dict[str, str | None]


@dataclass(frozen=True)
class Halves:
    """The older and the newer half of a window: the scores and every figure that can be tested."""

    scores: tuple[Floats, Floats]
    names: tuple[str, ...]
    # Shape (results, names); NaN where a figure was not measured.
    older: Floats
    newer: Floats


@dataclass(frozen=True)
class Verdict:
    """What the comparison found; means and standard deviations are of the score, in points."""

    mean_older: float
    mean_newer: float
    std_older: float
    std_newer: float
    p_values: Mapping[str, float]

    @property
    def mean_shift(self) -> float:
        """Newer mean minus older mean, in points."""
        return self.mean_newer - self.mean_older

    @property
    def std_change(self) -> float | None:
        """Change as a share of the older half's; None if all of that half's scores are equal."""
        return self.std_newer / self.std_older - 1 if self.std_older else None

    @property
    def threshold(self) -> float:
        """The p-value below which one figure has drifted."""
        return FAMILY_ERROR / max(1, len(self.p_values))

    @property
    def drifted_figures(self) -> list[str]:
        """The figures whose halves differ by more than chance, the most certain first."""
        ordered = sorted(self.p_values.items(), key=lambda item: item[1])
        return [name for name, p_value in ordered if p_value < self.threshold]

    @property
    def breaks_rule(self) -> bool:
        """Whether the simple rule finds drift."""
        return abs(self.mean_shift) > MAX_MEAN_SHIFT or abs(self.std_change or 0) > MAX_STD_CHANGE

    @property
    def passed(self) -> bool:
        """Whether neither the rule nor a test finds drift."""
        return not self.breaks_rule and not self.drifted_figures

    def with_p_values(self, p_values: Mapping[str, float]) -> "Verdict":
        """Return the same comparison, judged by these p-values."""
        return replace(self, p_values=p_values)

    def sentence(self) -> str:
        """Say what was found, in one sentence."""
        figures = f"mean {self.mean_older:.1f} → {self.mean_newer:.1f}"
        figures += f", standard deviation {self.std_older:.1f} → {self.std_newer:.1f}"
        if self.passed:
            return f"No drift of the score: {figures}."
        found = self.drifted_figures
        if not found:
            return f"The score drifts: {figures}."
        shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        what = "The score drifts" if self.breaks_rule or SCORE in found else "Figures drift"
        return f"{what}: {figures}; {len(found)} of {len(self.p_values)} figures differ ({shown})."


def halve(results: Sequence[ScoredResult]) -> Halves:
    """Split the results, oldest first, into two halves."""
    names = sorted({name for one in results for name in one.figures})
    rows: list[list[Any]] = [[one.figures.get(name) for name in names] for one in results]
    return split(names, np.array(rows, dtype=np.float64))


def split(names: Sequence[str], rows: Floats) -> Halves:
    """Split rows of figures, shape (results, names), into two halves.

    A figure is left out if it is mostly null in one half or equal in every row.
    """
    middle = len(rows) // 2
    measured = np.isfinite(rows)
    counts = np.minimum(measured[:middle].sum(axis=0), measured[middle:].sum(axis=0))
    lowest = np.where(measured, rows, np.inf).min(axis=0)
    highest = np.where(measured, rows, -np.inf).max(axis=0)
    kept = np.flatnonzero((counts >= MIN_VALUES) & (lowest < highest)).tolist()
    scores = rows[:, list(names).index(SCORE)]
    return Halves(
        scores=(scores[:middle], scores[middle:]),
        names=tuple(names[index] for index in kept),
        older=rows[:middle, kept],
        newer=rows[middle:, kept],
    )


def judge(halves: Halves) -> Verdict:
    """Compare the halves; the p-values equal those of Evidently's `t_test`."""
    older, newer = halves.scores
    return Verdict(
        mean_older=float(older.mean()),
        mean_newer=float(newer.mean()),
        std_older=float(older.std(ddof=1)),
        std_newer=float(newer.std(ddof=1)),
        p_values=dict(zip(halves.names, t_test(halves.older, halves.newer), strict=True)),
    )


def t_test(older: Floats, newer: Floats) -> list[float]:
    """Return the two-sided p-value of Student's t-test for each column, ignoring NaN.

    The same figures as `scipy.stats.ttest_ind`, whose import would cost each run a second.
    """
    from scipy.special import stdtr

    a, b = (np.isfinite(half).sum(axis=0) for half in (older, newer))
    within = (a - 1) * np.nanvar(older, axis=0, ddof=1) + (b - 1) * np.nanvar(newer, axis=0, ddof=1)
    difference = np.nanmean(newer, axis=0) - np.nanmean(older, axis=0)
    with np.errstate(divide="ignore"):
        t = difference / np.sqrt(within / (a + b - 2) * (1 / a + 1 / b))
    return [float(p_value) for p_value in 2 * stdtr(a + b - 2, -np.abs(t))]

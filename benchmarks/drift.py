"""How often the drift check warns without a reason, and how often with one.

    python benchmarks/drift.py [--windows 1000] [--seed 7]

It simulates pitches: a quality that all figures share, an integer score 0–100 (SD 12 points), three
parts, ten content items 0–5, eight sub-scores 0–10, and 27 measurements, some of which are skewed,
some rare counts, and some independent of the quality. One video in twelve has no sound, and a tenth
of every figure except the score is null. A shift moves the score, the parts and, in proportion, the
items and sub-scores of the newer half. The check runs as in production; its p-values are those of
Evidently (pitchquest_assets_tests/report/test_drift.py proves it).

The other methods are called as Evidently calls them, and judged by the same threshold.
"""

import argparse
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from pitchquest_assets.analysis.drift import drift
from pitchquest_assets.analysis.drift.drift import Floats

SHIFTS_POINTS = (5, 10, 15, 20)
METHODS = ("t_test", "ks", "mannw", "anderson", "cramer_von_mises")
SCORE_SD_POINTS = 12
ITEMS, SUB_SCORES, SKEWED, RARE, RELATED, OTHER = 10, 8, 8, 4, 5, 10
NAMES = (drift.SCORE, *(f"figure_{i}" for i in range(3 + ITEMS + SUB_SCORES + 27)))

console = Console(width=110)


def rows(random: np.random.Generator, count: int, shift: Floats | float = 0.0) -> Floats:
    """Simulate `count` results; `shift` is in points, one for all or one per row."""
    by = np.broadcast_to(np.asarray(shift, dtype=np.float64), (count,))[:, None]
    quality = random.normal(size=(count, 1))

    def noise(columns: int) -> Floats:
        return random.normal(size=(count, columns))

    score = 60 + by + SCORE_SD_POINTS * (0.8 * quality + 0.6 * noise(1))
    score = np.clip(np.round(score), 0, 100)
    parts = np.clip(np.round(score + 8 * noise(3), 1), 0, 100)
    of_ten = 6 + by / 10 + 1.2 * quality + 1.8 * noise(ITEMS + SUB_SCORES)
    items = np.clip(np.round(of_ten[:, :ITEMS] / 2), 0, 5)
    sub_scores = np.clip(np.round(of_ten[:, ITEMS:], 1), 0, 10)
    measured = [
        np.exp(0.1 * of_ten[:, ITEMS : ITEMS + SKEWED] + 0.5 * noise(SKEWED)),
        random.poisson(0.5, size=(count, RARE)).astype(np.float64),
        10 * of_ten[:, ITEMS : ITEMS + RELATED] + 8 * noise(RELATED),
        noise(OTHER) * np.geomspace(0.1, 100, OTHER),
    ]
    table = np.hstack([score, parts, items, sub_scores, *measured])
    table[:, 1:][random.random((count, table.shape[1] - 1)) < 0.1] = np.nan
    table[random.random(count) < 1 / 12, 4 : 4 + ITEMS + SUB_SCORES // 2] = np.nan
    return table


def windows(
    seed: int, count: int, half: int, shift_points: float = 0.0, *, score_only: bool = False
) -> Iterator[drift.Halves]:
    """Yield `count` windows of two halves; the newer half is shifted."""
    random = np.random.default_rng(seed)
    shifts = np.repeat([0.0, shift_points], half)
    for _ in range(count):
        table = rows(random, 2 * half, 0.0 if score_only else shifts)
        if score_only:
            table[:, 0] = np.clip(table[:, 0] + shifts, 0, 100)
        yield drift.split(NAMES, table)


def alarm_rate(halves: Iterator[drift.Halves]) -> tuple[float, float, float]:
    """Return the share of windows in which the rule, a test, or either finds drift."""
    verdicts = [drift.judge(one) for one in halves]
    by_rule = np.array([one.breaks_rule for one in verdicts])
    by_test = np.array([bool(one.drifted_figures) for one in verdicts])
    return float(by_rule.mean()), float(by_test.mean()), float((by_rule | by_test).mean())


def false_episodes(seed: int, results: int) -> int:
    """Count the episodes that open while `results` equivalent videos arrive one by one."""
    table = rows(np.random.default_rng(seed), results + drift.MAX_RESULTS)
    opened, is_open = 0, False
    for end in range(drift.MAX_RESULTS, len(table)):
        passed = drift.judge(drift.split(NAMES, table[end - drift.MAX_RESULTS : end])).passed
        opened += not passed and not is_open
        is_open = not passed
    return opened


def evidently_test(method: str) -> Callable[[Floats, Floats], float]:
    """Return Evidently's test of this name, as a function of the two halves of one figure."""
    import pandas as pd
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    def p_value(older: Floats, newer: Floats) -> float:
        a, b = (pd.Series(half[np.isfinite(half)]) for half in (older, newer))
        test = get_stattest(a, b, ColumnType.Numerical, method)
        return float(test(a, b, ColumnType.Numerical, 0.05).drift_score)

    return p_value


def method_rate(method: str, halves: Iterator[drift.Halves]) -> float:
    """Return the share of windows in which a method of Evidently finds drift in any figure."""
    p_value = evidently_test(method)
    found = [
        min(p_value(a, b) for a, b in zip(one.older.T, one.newer.T, strict=True))
        < drift.FAMILY_ERROR / len(one.names)
        for one in halves
    ]
    return sum(found) / len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--method-windows", type=int, default=100, help="for Evidently's methods")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")

    table = Table("window", "shift", "rule", "tests", "whole check", "score alone shifted")
    for half in (50, 10):
        for shift in (0, *(s * sign for s in SHIFTS_POINTS for sign in (1, -1))):
            rates = alarm_rate(windows(arguments.seed, arguments.windows, half, shift))
            alone = alarm_rate(
                windows(arguments.seed, arguments.windows, half, shift, score_only=True)
            )
            cells = [f"{rate:.1%}" for rate in (*rates, alone[-1])]
            table.add_row(f"{half} + {half}", f"{shift:+d}" if shift else "none", *cells)
    console.print(f"Alarms in {arguments.windows} simulated windows, seed {arguments.seed}", table)
    opened = sum(false_episodes(arguments.seed + i, 1_000) for i in range(5))
    console.print(f"False episodes in 5 × 1,000 equal videos, one by one: {opened}")

    table = Table("Evidently's method", *(f"{s:+d}" if s else "none" for s in (0, 5, -5, 10, -10)))
    for method in METHODS:
        rates = [
            method_rate(method, windows(arguments.seed, arguments.method_windows, 50, shift))
            for shift in (0, 5, -5, 10, -10)
        ]
        table.add_row(method, *(f"{rate:.0%}" for rate in rates))
    console.print(f"Tests alone, {arguments.method_windows} windows of 50 + 50, by shift", table)


if __name__ == "__main__":
    main()

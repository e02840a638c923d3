from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from benchmarks.drift import alarm_rate, windows
from pitchquest_assets.analysis.drift import drift
from pitchquest_assets.analysis.drift.drift import ScoredResult

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def results_of(scores, **figures) -> list[ScoredResult]:
    """One result an hour; `figures` are further columns of the same length."""
    return [
        ScoredResult(
            created_at=START + timedelta(hours=index),
            figures={drift.SCORE: score}
            | {name: column[index] for name, column in figures.items()},
            made_with={},
        )
        for index, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("older", "newer", "breaks"),
    [
        ([60, 70] * 10, [75, 85] * 10, False),  # exactly 15 points
        ([60, 70] * 10, [76, 86] * 10, True),
        ([76, 86] * 10, [60, 70] * 10, True),
        ([60, 70] * 10, [57.5, 72.5] * 10, False),  # exactly 50 % wider
        ([60, 70] * 10, [57, 73] * 10, True),
        ([60, 70] * 10, [63, 67] * 10, True),
        ([65] * 20, [65] * 19 + [66], False),  # no deviation to compare with
    ],
)
def test_the_rule_is_a_mean_shift_over_15_points_or_a_std_change_over_half(
    older, newer, breaks
) -> None:
    assert drift.judge(drift.halve(results_of([*older, *newer]))).breaks_rule == breaks


def test_the_newer_half_has_the_odd_result() -> None:
    older, newer = drift.halve(results_of(range(21))).scores
    assert (list(older), list(newer)) == (list(range(10)), list(range(10, 21)))


def test_nulls_are_left_out_and_never_counted_as_zero() -> None:
    halves = drift.halve(
        results_of(
            [60, 61] * 10,
            often=[5.0, None, 6.0, 7.0, 5.5] * 4,
            rare=[5.0, 6.0] + [None] * 18,
            never=[None] * 20,
            constant=[3.0] * 20,
        )
    )
    assert halves.names == ("often", drift.SCORE)
    assert np.nanmin(halves.older) == 5.0


def test_a_figure_that_only_some_results_have_is_null_in_the_others() -> None:
    results = results_of([60, 61] * 10)
    results += [
        one.model_copy(update={"figures": {drift.SCORE: 60, "new": 1.0}}) for one in results
    ]
    assert drift.halve(results).names == (drift.SCORE,)


def test_a_shifted_measurement_is_named_though_the_score_stays() -> None:
    random = np.random.default_rng(3)
    pace = np.r_[random.normal(130, 10, 30), random.normal(150, 10, 30)]
    verdict = drift.judge(drift.halve(results_of([60, 70] * 30, pace=list(pace))))
    assert not verdict.passed
    assert verdict.drifted_figures == ["pace"]
    assert verdict.sentence() == (
        "Figures drift: mean 65.0 → 65.0, standard deviation 5.1 → 5.1;"
        " 1 of 2 figures differ (pace)."
    )


def test_the_p_value_of_two_different_constants_is_zero() -> None:
    verdict = drift.judge(drift.halve(results_of([60] * 10 + [70] * 10)))
    assert verdict.p_values == {drift.SCORE: 0.0}
    assert not verdict.passed


def test_equal_distributions_alarm_in_less_than_5_percent_of_1000_windows() -> None:
    assert alarm_rate(windows(seed=7, count=1_000, half=50))[-1] < 0.05


@pytest.mark.parametrize(
    ("shift_points", "at_least"), [(10, 0.6), (-10, 0.6), (20, 1.0), (-20, 1.0)]
)
def test_a_shift_is_found_in_both_directions(shift_points, at_least) -> None:
    assert alarm_rate(windows(7, 200, 50, shift_points))[-1] >= at_least

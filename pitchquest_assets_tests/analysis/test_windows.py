import pytest

from pitchquest_assets.analysis.windows import Windows, typical_time


def test_windows_roll_over_a_talk_and_a_short_talk_is_one() -> None:
    assert Windows(45).starts_seconds == [0, 5, 10, 15]
    assert Windows(45).middles_seconds == [15, 20, 25, 30]
    assert Windows(12).starts_seconds == [0]
    assert Windows(12).length_seconds == 12


def test_rates_and_shares_are_those_of_each_window() -> None:
    windows = Windows(40)
    assert windows.rates_per_minute([1, 2, 31, 39]) == [4, 2, 4]
    assert windows.shares([(0, 3), (28, 34)]) == pytest.approx([5 / 30, 6 / 30, 6 / 30])


def test_no_time_at_all_has_a_window_without_anything() -> None:
    windows = Windows(0)
    assert windows.rates_per_minute([]) == [0]
    assert windows.shares([]) == [0]


@pytest.mark.parametrize(
    ("values", "overall", "time"),
    [
        ([100, 130, 160], 128, 5),
        ([100, None, 160], 128, 0),
        ([120, 120, 160], 120, 0),
        ([None, None, None], 120, None),
        ([100, 130, 160], None, None),
    ],
    ids=["the nearest", "gaps left out", "the first of equals", "nothing", "no overall value"],
)
def test_typical_is_the_time_nearest_to_the_overall_value(
    values: list[float | None], overall: float | None, time: float | None
) -> None:
    assert typical_time([0, 5, 10], values, overall) == time

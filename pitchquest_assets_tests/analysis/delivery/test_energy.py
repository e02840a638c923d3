import pytest

from pitchquest_assets.analysis.delivery.energy import (
    OFF,
    Turn,
    VocalEnergy,
    energy_series,
    measure_energy,
    speaking_turns,
)


@pytest.mark.parametrize(
    ("spans", "turns"),
    [
        ([(0, 5), (6, 10)], [(0, 5), (6, 10)]),
        ([(0, 2), (2.5, 4.5)], [(0, 4.5)]),
        ([(0, 5), (5.5, 6.5)], [(0, 6.5)]),
        ([(0, 1), (1.3, 2.3), (2.6, 3.6), (4, 8)], [(0, 3.6), (4, 8)]),
        ([(0, 10), (10.5, 12.5)], [(0, 10)]),
        ([(0, 24)], [(0, 8), (8, 16), (16, 24)]),
        ([(0, 1), (30, 31)], []),
        ([], []),
    ],
)
def test_speech_becomes_turns_of_3_to_11_seconds(
    spans: list[tuple[float, float]], turns: list[tuple[float, float]]
) -> None:
    assert speaking_turns(spans) == turns


def test_mean_spread_and_trend_weigh_turns_by_their_length() -> None:
    turns = [Turn(0, 10, 0.4), Turn(28, 32, 0.5), Turn(50, 60, 0.6)]
    measured = measure_energy(VocalEnergy(turns, "m"), None)
    assert measured["vocal_energy"].value == pytest.approx(0.5)
    assert measured["vocal_energy_sd"].value == pytest.approx((0.01 * 20 / 24) ** 0.5, abs=1e-4)
    # 0.1 in 25 s.
    assert measured["vocal_energy_trend"].value == pytest.approx(0.24)
    uneven = measure_energy(VocalEnergy([Turn(0, 9, 0.4), Turn(10, 13, 0.8)], "m"), None)
    assert uneven["vocal_energy"].value == pytest.approx(0.5)


def test_one_turn_has_neither_spread_nor_trend_and_says_so() -> None:
    measured = measure_energy(VocalEnergy([Turn(0, 5, 0.4)], "m"), None)
    assert measured["vocal_energy"].value == 0.4
    assert "2 needed" in (measured["vocal_energy_sd"].reason or "")
    assert "3 needed" in (measured["vocal_energy_trend"].reason or "")


def test_what_was_not_measured_is_null_with_the_reason() -> None:
    off = measure_energy(OFF, None)
    assert {one.value for one in off.values()} == {None}
    assert {one.reason for one in off.values()} == {OFF.reason}
    assert {one.reason for one in measure_energy(OFF, "no voice").values()} == {"no voice"}
    assert energy_series(OFF) is None


def test_the_timeline_has_each_turn_at_its_middle() -> None:
    series = energy_series(VocalEnergy([Turn(0, 4, 0.25), Turn(5, 10, 0.75)], "m"))
    assert series is not None
    assert (series.times_seconds, series.values) == ([2, 7.5], [0.25, 0.75])

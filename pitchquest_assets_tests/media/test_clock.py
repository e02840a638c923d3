"""Timestamps become times on one clock without jumps. Units here are milliseconds."""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from pitchquest_assets.media.clock import Clock, is_seekable
from pitchquest_assets.model import ClockPiece

MILLISECOND = Fraction(1, 1000)


def piece(start: float, end: float, begins_at: float) -> ClockPiece:
    return ClockPiece(start_seconds=start, end_seconds=end, begins_at_seconds=begins_at)


AHEAD = [piece(0, 6, 0), piece(3506, 3511, 6)]
BACK = [piece(0, 6, 0), piece(0, 5, 6)]
BACK_TWICE = [piece(100, 106, 0), piece(0, 5, 6), piece(0, 4, 11)]


@pytest.mark.parametrize(
    ("pieces", "stored", "mended"),
    [
        ([], [0, 7, 3_000_000], [0, 7, 3_000_000]),
        (AHEAD, [0, 5_990, 3_506_000, 3_510_990], [0, 5_990, 6_000, 10_990]),
        (AHEAD, [3_507_000], [7_000]),  # after a seek
        (AHEAD, [3_507_000, 1_000], [7_000, 1_000]),  # and another one
        (AHEAD, [1_000, 9_000_000, 1_040], [1_000, None, 1_040]),  # a damaged timestamp
        (BACK, [0, 5_990, 0, 4_990], [0, 5_990, 6_000, 10_990]),
        (BACK, [0, 100, 60, 140], [0, 100, 60, 140]),  # pictures out of order
        (BACK_TWICE, [100_000, 0, 4_900, 0, 3_900], [0, 6_000, 10_900, 11_000, 14_900]),
    ],
)
def test_time_runs_on_where_the_clock_of_the_file_jumps(
    pieces: Sequence[ClockPiece], stored: list[int], mended: list[int | None]
) -> None:
    clock = Clock(pieces, MILLISECOND, Fraction(0))
    assert [clock.mend(pts) for pts in stored] == mended


def test_times_count_from_the_start_of_the_file() -> None:
    clock = Clock([piece(0, 6, 0), piece(100, 105, 6)], MILLISECOND, Fraction(20))
    assert [clock.mend(pts) for pts in (20_000, 120_500)] == [20_000, 26_500]


def test_only_a_keyframe_begins_a_recording() -> None:
    clock = Clock(BACK, MILLISECOND, Fraction(0))
    stored = [(0, True), (4_000, False), (1_000, False), (2_000, False), (0, True), (900, False)]
    found = [clock.mend(pts, may_begin=is_keyframe) for pts, is_keyframe in stored]
    assert found == [0, 4_000, 1_000, 2_000, 6_000, 6_900]


def test_a_time_that_two_recordings_share_cannot_be_sought() -> None:
    assert is_seekable([])
    assert is_seekable(AHEAD)
    assert not is_seekable(BACK)

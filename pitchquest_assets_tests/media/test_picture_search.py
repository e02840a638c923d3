"""Which pictures are looked for, and which of the decoded ones are taken."""

from array import array

import pytest

from pitchquest_assets.media.picture_search import Target, pick, plan_targets

KEYFRAMES = array("q", [0, 100, 200, 1000])


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ((90, 130), Target(100, 100, 129)),  # the keyframe inside
        ((100, 200), Target(100, 100, 199)),  # the first moment belongs to the cell, the last not
        ((90, 290), Target(200, 200, 289)),  # the nearest of two
        ((400, 600), Target(200, 420, 599)),  # decode from the keyframe before
        ((1100, 1300), Target(1000, 1120, 1299)),
    ],
)
def test_plan_takes_keyframes_that_are_near_enough(cell: tuple[int, int], expected: Target) -> None:
    assert plan_targets(cell, KEYFRAMES) == [expected]


@pytest.mark.parametrize(
    ("shown", "windows", "expected"),
    [
        ([0, 10, 20, 30], [(8, 12), (18, 22)], [10, 20]),
        ([0, 10, 20, 30], [(11, 19)], [10]),  # what is on show by then
        ([0, 10, 50], [(12, 18), (22, 28), (45, 55)], [10, 10, 50]),  # for each window
        ([0, 10], [(22, 28), (32, 38)], [10, 10]),
        ([30], [(0, 10), (25, 35)], [30]),  # nothing is on show yet
    ],
)
def test_pick_takes_the_first_picture_in_each_window(
    shown: list[int], windows: list[tuple[int, int]], expected: list[int]
) -> None:
    frames = [(pts, f"picture {pts}") for pts in shown]
    targets = [Target(0, start, end) for start, end in windows]
    assert [pts for pts, _ in pick(frames, targets)] == expected


def test_pick_decodes_no_further_than_needed() -> None:
    decoded = []

    def frames():
        for pts in range(0, 100, 10):
            decoded.append(pts)
            yield pts, ""

    list(pick(frames(), [Target(0, 15, 25)]))
    assert decoded == [0, 10, 20]

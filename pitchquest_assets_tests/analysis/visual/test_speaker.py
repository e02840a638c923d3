"""Of several people, the speaker is the one whose mouth moves, or the largest over time."""

import numpy as np

from pitchquest_assets.analysis.visual.faces import Face
from pitchquest_assets.analysis.visual.speaker import choose_speaker


def face(left_px: float, height_px: float = 100, mouth: np.ndarray | None = None) -> Face:
    return Face(left_px, 60, 0.75 * height_px, height_px, mouth_patch=mouth)


def mouths(moving: float) -> list[np.ndarray]:
    """A mouth in six pictures, and how much it moves in between."""
    random = np.random.default_rng(0)
    still = random.normal(0, 1, (16, 24))
    return [np.float32(still + random.normal(0, moving, (16, 24))) for _ in range(6)]


def chosen(pictures: list[list[Face]], cuts: list[bool] | None = None) -> list[float | None]:
    faces = choose_speaker(pictures, cuts or [False] * len(pictures), [1] * len(pictures))
    return [None if one is None else one.left_px for one in faces]


def test_one_person_is_the_speaker_wherever_she_goes() -> None:
    assert chosen([[face(10)], [], [face(400)], [face(200)]]) == [10, None, 400, 200]


def test_the_one_who_moves_her_mouth_speaks_though_she_is_smaller() -> None:
    speaking, silent = mouths(moving=1.0), mouths(moving=0.2)
    pictures = [
        [face(400, 120, quiet), face(100, 90, moves)]
        for quiet, moves in zip(silent, speaking, strict=True)
    ]
    assert chosen(pictures) == [100] * 6


def test_the_largest_over_time_speaks_where_mouths_do_not_tell() -> None:
    pictures = [[face(400, 120), face(100, 110)] for _ in range(4)]
    # For once the other one leans forward.
    pictures[2] = [face(100, 130), face(400, 115)]
    assert chosen(pictures) == [400] * 4


def test_somebody_who_passes_by_is_not_the_speaker() -> None:
    pictures = [[face(100, 100)] for _ in range(8)]
    pictures[3] = [face(400, 180), face(100, 100)]
    assert chosen(pictures) == [100] * 8


def test_each_shot_has_its_own_speaker() -> None:
    pictures = [[face(100, 120), face(400, 90)]] * 3 + [[face(400, 120), face(100, 90)]] * 3
    assert chosen(pictures, [False, False, False, True, False, False]) == [100] * 3 + [400] * 3


def test_nobody_is_chosen_from_no_pictures() -> None:
    assert choose_speaker([], [], []) == []

"""What five points show about a head, and where teeth are seen."""

import math

import numpy as np
import pytest

from pitchquest_assets.analysis.visual.landmarks import (
    LEVEL_NOSE,
    NOSE_DEPTH,
    measure_landmarks,
    measure_teeth,
    unmirrored,
)


def head(
    yaw: float = 0, pitch: float = 0, tilt: float = 0, mouth: float = 0.8, size_px: float = 60
) -> np.ndarray:
    """Five landmarks of a head turned by these degrees."""
    sideways = NOSE_DEPTH * math.tan(math.radians(yaw))
    upward = NOSE_DEPTH * math.tan(math.radians(pitch))
    points = np.array(
        [[-0.5, 0], [0.5, 0], [sideways, LEVEL_NOSE - upward], [-mouth / 2, 1], [mouth / 2, 1]]
    )
    angle = math.radians(tilt)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (points @ turn.T * size_px + [320, 180]).astype(np.float32)


@pytest.mark.parametrize(
    "turned",
    [{}, {"yaw": 30}, {"yaw": -25}, {"pitch": 20}, {"pitch": -15}, {"mouth": 1.0}, {"size_px": 9}],
)
@pytest.mark.parametrize("tilt", [0, 25, -40])
def test_turn_and_mouth_are_read_from_landmarks_however_the_head_is_tilted(
    turned: dict[str, float], tilt: float
) -> None:
    yaw, pitch, mouth = measure_landmarks(head(tilt=tilt, **turned))
    assert yaw == pytest.approx(turned.get("yaw", 0), abs=0.1)
    assert pitch == pytest.approx(turned.get("pitch", 0), abs=0.1)
    assert mouth == pytest.approx(turned.get("mouth", 0.8), abs=0.001)


@pytest.mark.parametrize(
    "landmarks",
    [np.zeros((5, 2)), np.ones((5, 2)) * 7, head()[[1, 0, 2, 3, 4]]],
    ids=["all at the origin", "all in one place", "upside down"],
)
def test_points_that_make_no_face_measure_nothing(landmarks: np.ndarray) -> None:
    assert measure_landmarks(landmarks.astype(np.float32)) == (None, None, None)


def test_landmarks_of_a_mirrored_picture_turn_into_those_of_the_picture() -> None:
    points = head(yaw=25, tilt=10)
    mirrored = points[[1, 0, 2, 4, 3]] * [-1, 1] + [640, 0]
    assert unmirrored(mirrored.astype(np.float32), 640) == pytest.approx(points, abs=1e-3)


@pytest.mark.parametrize("skin", [(120, 150, 220), (40, 60, 110)], ids=["light", "dark"])
def test_teeth_are_what_is_bright_and_pale_in_the_mouth(skin: tuple[int, int, int]) -> None:
    crop = np.full((360, 640, 3), skin, np.uint8)
    points = head()
    assert measure_teeth(crop, points) == 0
    (left, right), middle = points[3:, 0], int(points[3, 1])
    crop[middle - 4 : middle + 6, int(left) + 6 : int(right) - 6] = (205, 215, 220)
    assert measure_teeth(crop, points) > 0.2
    crop[middle - 4 : middle + 6, int(left) + 6 : int(right) - 6] = (60, 60, 170)  # lips
    assert measure_teeth(crop, points) == 0

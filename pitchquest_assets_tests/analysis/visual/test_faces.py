import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.faces import (
    LEVEL_NOSE,
    NOSE_DEPTH,
    Haar,
    YuNet,
    measure_landmarks,
    one_thread,
    open_detector,
    shrink,
)
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets_tests.support.sights import YUNET, pictures_of, portrait


def head(
    yaw: float = 0, pitch: float = 0, tilt: float = 0, mouth: float = 0.8, size_px: float = 60
) -> np.ndarray:
    """Five landmarks of a head turned by so many degrees."""
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


def test_shrink_keeps_small_pictures_and_the_shape_of_large_ones() -> None:
    small = np.zeros((90, 160, 3), np.uint8)
    assert shrink(small, 320 * 180) == (small, 1.0)
    copy, scale = shrink(np.zeros((1138, 640, 3), np.uint8), 320 * 180)
    assert copy.shape[:2] == (320, 180)
    assert scale == pytest.approx(180 / 640, rel=0.01)


def test_threads_are_as_before_after_the_analysis() -> None:
    before = cv2.getNumThreads()
    with one_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


def test_file_that_is_no_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / YUNET
    broken.write_bytes(b"version https://git-lfs.github.com/spec/v1\n" * 9)
    with pytest.raises(EngineUnavailable, match=r"models pull yunet"):
        open_detector(broken)


@pytest.mark.parametrize("size", [(640, 360), (640, 480), (360, 640), (640, 1138), (200, 200)])
def test_haar_finds_the_portrait_in_pictures_of_any_shape(size: tuple[int, int]) -> None:
    face = Haar().find(portrait(*size))
    assert face is not None
    x, y = face.centre_px
    assert x == pytest.approx(size[0] / 2, abs=0.1 * size[0])
    assert 0.2 * size[1] < y < 0.7 * size[1]
    assert face.yaw_degrees is None


def test_haar_finds_no_face_in_an_empty_picture() -> None:
    assert Haar().find(np.full((360, 640, 3), 120, np.uint8)) is None


def test_yunet_and_haar_agree_on_the_box(shared_models: Path) -> None:
    picture = portrait()
    exact, rough = YuNet(shared_models / YUNET).find(picture), Haar().find(picture)
    assert exact is not None
    assert rough is not None
    assert rough.height_px == pytest.approx(exact.height_px, rel=0.2)
    assert rough.centre_px == pytest.approx(exact.centre_px, abs=0.2 * exact.height_px)


def test_cartoon_has_no_face(shared_media: Path, shared_models: Path) -> None:
    detectors = [YuNet(shared_models / YUNET), Haar()]
    for picture in pictures_of(shared_media / "faces" / "pyfeat_no_face.mp4", 0.5):
        assert [detector.find(picture) for detector in detectors] == [None, None]


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25])
def test_landmarks_tell_a_smile_whatever_the_size_of_the_face(
    shared_media: Path, shared_models: Path, scale: float
) -> None:
    detector = YuNet(shared_models / YUNET)
    video = shared_media / "faces" / "pyfeat_WolfgangLanger_Pexels.mp4"
    pictures = pictures_of(video, 1.0)
    widths = []
    for picture in [*pictures[5:9], *pictures[10:16]]:
        canvas = np.full((360, 640, 3), 60, np.uint8)
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas[: small.shape[0], : small.shape[1]] = small
        face = detector.find(canvas)
        assert face is not None
        assert face.mouth_width is not None
        widths.append(face.mouth_width)
    neutral, smiling = np.median(widths[:4]), np.median(widths[4:])
    assert smiling > 1.06 * neutral

from pathlib import Path

import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.faces import (
    MIN_JUDGED_HEIGHT_PX,
    Haar,
    YuNet,
    one_thread,
    open_detector,
    shrink,
)
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets_tests.support.sights import YUNET, pictures_of, portrait


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
    (face,) = Haar().find(portrait(*size))
    x, y = face.centre_px
    assert x == pytest.approx(size[0] / 2, abs=0.1 * size[0])
    assert 0.2 * size[1] < y < 0.7 * size[1]
    assert face.yaw_degrees is None


def test_haar_finds_no_face_in_an_empty_picture() -> None:
    assert Haar().find(np.full((360, 640, 3), 120, np.uint8)) == []


def test_yunet_and_haar_agree_on_the_box(shared_models: Path) -> None:
    picture = portrait()
    (exact,), (rough,) = YuNet(shared_models / YUNET).find(picture), Haar().find(picture)
    assert rough.height_px == pytest.approx(exact.height_px, rel=0.2)
    assert rough.centre_px == pytest.approx(exact.centre_px, abs=0.2 * exact.height_px)


def test_cartoon_has_no_face(shared_media: Path, shared_models: Path) -> None:
    detectors = [YuNet(shared_models / YUNET), Haar()]
    for picture in pictures_of(shared_media / "faces" / "pyfeat_no_face.mp4", 0.5):
        assert [detector.find(picture) for detector in detectors] == [[], []]


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
        (face,) = detector.find(canvas)
        assert face.mouth_width is not None
        widths.append(face.mouth_width)
    neutral, smiling = np.median(widths[:4]), np.median(widths[4:])
    assert smiling > 1.06 * neutral


def test_face_and_its_mirror_image_measure_the_same(
    shared_media: Path, shared_models: Path
) -> None:
    detector = YuNet(shared_models / YUNET)
    for name in ("pyfeat_WolfgangLanger_Pexels.mp4", "pyfeat_single_face.mp4"):
        for picture in pictures_of(shared_media / "faces" / name, 2.0):
            (one,), (other,) = detector.find(picture), detector.find(picture[:, ::-1])
            assert other.mouth_width == pytest.approx(one.mouth_width, rel=0.002)
            assert other.yaw_degrees == pytest.approx(-(one.yaw_degrees or 0), abs=1)
            assert other.teeth == pytest.approx(one.teeth, abs=0.05)
            assert other.left_px == pytest.approx(
                picture.shape[1] - one.left_px - one.width_px, abs=1
            )


def test_tiny_face_is_found_but_not_judged(shared_models: Path) -> None:
    detector = YuNet(shared_models / YUNET)
    slide = np.full((360, 640, 3), 240, np.uint8)
    slide[20:100, 540:620] = portrait(80, 80)
    (face,) = detector.find(slide)
    assert face.height_px < MIN_JUDGED_HEIGHT_PX
    assert (face.yaw_degrees, face.mouth_width) == (None, None)


def test_people_in_the_foreground_are_found_the_largest_first(shared_models: Path) -> None:
    for detector in (YuNet(shared_models / YUNET), Haar()):
        picture = np.full((360, 640, 3), 120, np.uint8)
        for left, side in ((20, 220), (280, 300), (585, 50)):
            picture[50 : 50 + side, left : left + side] = portrait(side, side)
        large, small = detector.find(picture)
        assert large.height_px > small.height_px
        assert small.left_px < large.left_px

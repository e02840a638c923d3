import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.faces import Face, Picture
from pitchquest_assets.analysis.visual.observations import Observation, observe
from pitchquest_assets.media.sampling import iter_frames
from pitchquest_assets_tests.support.sights import FixedDetector, frames_of, portrait

FACE = Face(left_px=270, top_px=60, width_px=100, height_px=130)


def seen(*pictures: Picture | bytes, faces: tuple[Face | None, ...] = (FACE,)) -> list[Observation]:
    return observe(iter_frames(frames_of(pictures)), FixedDetector(*faces))[0]


def with_hands_at(x_px: int) -> Picture:
    picture = portrait()
    cv2.rectangle(picture, (x_px, 220), (x_px + 60, 340), (40, 60, 220), -1)
    return picture


def test_lengths_are_shares_of_the_picture() -> None:
    (one,) = seen(portrait())
    assert (one.face_x, one.face_y) == pytest.approx((0.5, 125 / 360))
    assert (one.face_width, one.face_height) == pytest.approx((100 / 640, 130 / 360))
    assert (one.shift, one.changed, one.cut) == (None, None, False)


def test_unreadable_pictures_are_named_and_left_out() -> None:
    frames = frames_of([portrait(), b"", b"not a picture", portrait()])
    observations, unreadable = observe(iter_frames(frames), FixedDetector(FACE))
    assert [one.name for one in observations] == ["0000.jpg", "0003.jpg"]
    assert unreadable == ["0001.jpg", "0002.jpg"]


def test_moving_hands_change_the_picture_below_the_face() -> None:
    still, moved = seen(with_hands_at(240), with_hands_at(240), with_hands_at(340))[1:]
    assert still.changed == pytest.approx(0, abs=0.01)
    assert moved.changed is not None
    assert 0.1 < moved.changed < 0.6


def test_change_of_exposure_is_no_movement() -> None:
    brighter = np.clip(portrait().astype(int) + 35, 0, 255).astype(np.uint8)
    assert seen(portrait(), brighter)[1].changed == pytest.approx(0, abs=0.05)


def test_move_of_the_face_is_counted_in_face_widths() -> None:
    moved = Face(FACE.left_px + 50, FACE.top_px, FACE.width_px, FACE.height_px)
    one = seen(portrait(), portrait(), faces=(FACE, moved))[1]
    assert one.shift == pytest.approx(0.5)


def test_cut_is_no_movement() -> None:
    elsewhere = np.full((360, 640, 3), (200, 120, 20), np.uint8)
    elsewhere[100:300, 200:500] = (30, 220, 240)
    one = seen(portrait(), elsewhere)[1]
    assert one.cut
    assert (one.shift, one.changed) == (None, None)


def test_nothing_is_measured_below_a_face_at_the_lower_edge() -> None:
    close = Face(left_px=200, top_px=20, width_px=240, height_px=320)
    one = seen(portrait(), portrait(), faces=(close,))[1]
    assert one.shift == 0
    assert one.changed is None


def test_face_partly_outside_the_picture_is_measured() -> None:
    outside = Face(left_px=-80, top_px=-40, width_px=120, height_px=150)
    (one,) = seen(portrait(), faces=(outside,))
    assert np.isfinite(one.sharpness)


def test_blur_lowers_sharpness_and_light_moves_the_levels() -> None:
    picture = portrait()
    blurred = cv2.GaussianBlur(picture, (0, 0), 3)
    dark = (picture * 0.2).astype(np.uint8)
    burnt = np.clip(picture.astype(int) * 3, 0, 255).astype(np.uint8)
    good, soft, black, white = seen(picture, blurred, dark, burnt)
    assert soft.sharpness < good.sharpness / 4
    assert black.bright_level < 0.25 < good.bright_level
    assert (white.face_clipped or 0) > 0.1 > (good.face_clipped or 0)
    assert black.contrast < good.contrast

"""Drawn pictures are told apart from those of a camera."""

import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.slides import is_slide
from pitchquest_assets_tests.support.degradations import blurred, jpeg, narrower, noisy
from pitchquest_assets_tests.support.sights import PORTRAIT, bars, portrait, slide


def luma(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(jpeg(85)(picture), cv2.COLOR_BGR2GRAY), np.uint8)


@pytest.mark.parametrize(
    "picture",
    [slide(), slide(dark=True), slide(lines=1), bars(), narrower(320)(slide())],
    ids=["text", "dark", "title", "test card", "small"],
)
def test_slides_and_screens_are_drawn(picture: np.ndarray) -> None:
    assert is_slide(luma(picture))


@pytest.mark.parametrize(
    "picture",
    [
        portrait(),
        cv2.imread(str(PORTRAIT)),
        cv2.imread(str(PORTRAIT))[:200, 330:],
        cv2.imread(str(PORTRAIT))[250:],
        blurred(4)(portrait()),
        noisy(15)(portrait()),
        np.full((360, 640, 3), 120, np.uint8),
        np.zeros((360, 640, 3), np.uint8),
        np.zeros((1, 1, 3), np.uint8),
    ],
    ids=["face", "photo", "rocket", "suit", "blurred", "noisy", "grey", "black", "a pixel"],
)
def test_what_a_camera_sees_is_not(picture: np.ndarray) -> None:
    assert not is_slide(luma(picture))

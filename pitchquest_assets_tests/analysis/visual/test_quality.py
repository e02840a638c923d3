"""Whatever spoils a picture lowers its quality score, and nothing else does."""

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.faces import Face, Picture
from pitchquest_assets.analysis.visual.observations import observe
from pitchquest_assets.analysis.visual.quality import Quality
from pitchquest_assets.analysis.visual.scene import Scene
from pitchquest_assets.analysis.visual.scores import picture_quality
from pitchquest_assets.media.sampling import iter_frames
from pitchquest_assets.model import Score
from pitchquest_assets_tests.support.degradations import (
    backlit,
    blurred,
    jpeg,
    mosaic,
    narrower,
    noisy,
    series,
)
from pitchquest_assets_tests.support.sights import FixedDetector, frames_of, portrait

# Where the face is in `portrait()`, which is 640 px wide.
FACE = Face(left_px=274, top_px=69, width_px=91, height_px=110)


def face_in(picture: Picture) -> Face:
    size = picture.shape[1] / 640
    return replace(
        FACE,
        left_px=FACE.left_px * size,
        top_px=FACE.top_px * size,
        width_px=FACE.width_px * size,
        height_px=FACE.height_px * size,
    )


def measured(picture: Picture, scale: float = 1.0) -> tuple[Score, Quality]:
    """The score of one picture shown for five seconds, and what it was measured by."""
    frames = frames_of([picture], cells=[5], scale=scale)
    (seen,), _ = observe(iter_frames(frames), FixedDetector(face_in(picture)))
    assert seen.quality is not None
    return picture_quality(Scene([seen], None)), seen.quality


def score_of(picture: Picture, scale: float = 1.0) -> float:
    value = measured(picture, scale)[0].value
    assert value is not None
    return value


@pytest.mark.parametrize("fault", series(FACE))
def test_quality_falls_with_the_strength_of_each_fault(fault: str) -> None:
    scores = [score_of(change(portrait())) for change in series(FACE)[fault]]
    for milder, stronger in itertools.pairwise(scores):
        assert stronger <= milder + 0.1, scores
    assert scores[0] >= 7.5, scores
    assert scores[-1] < 2.5, scores


def test_good_picture_of_a_larger_video_scores_well() -> None:
    assert score_of(portrait(), scale=0.5) > 9


@pytest.mark.parametrize(
    ("change", "weakest"),
    [
        (narrower(160), "px|detail"),
        (jpeg(5), "blocks|px"),
        (mosaic(80), "blocks|px"),
        (noisy(20), "noise"),
        (blurred(3), "detail"),
        (backlit(FACE, 0.1), "stops brighter|of white"),
    ],
)
def test_the_basis_names_what_is_wrong(change, weakest: str) -> None:
    basis = measured(change(portrait()))[0].basis
    assert any(word in basis for word in weakest.split("|")), basis


def test_noise_does_not_pass_for_detail() -> None:
    soft = blurred(2)(portrait())
    clean, noisy_one = measured(soft)[1], measured(noisy(10)(soft))[1]
    assert noisy_one.detail == pytest.approx(clean.detail, abs=0.15)


def test_contrast_and_brightness_do_not_pass_for_detail() -> None:
    picture = portrait()
    flat = (picture * 0.5 + 60).astype(np.uint8)
    assert measured(flat)[1].detail == pytest.approx(measured(picture)[1].detail, abs=0.1)


def test_size_of_the_blocks_is_found_whatever_it_is() -> None:
    for columns in (40, 64, 80, 107, 160):
        quality = measured(mosaic(columns)(portrait()))[1]
        assert quality.blocking > 3
        assert quality.resolution_px < 1.8 * FACE.height_px * columns / 640


def test_face_against_the_light_is_told_from_a_dark_picture() -> None:
    dark = (portrait() * 0.15).astype(np.uint8)
    against = measured(backlit(FACE, 0.15)(portrait()))[1]
    assert measured(dark)[1].backlight < 1.5
    assert against.backlight > 4


@pytest.mark.parametrize("shape", [(1, 1), (2, 40), (40, 2), (9, 7)])
def test_pictures_of_any_size_are_measured(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), 90, np.uint8)
    frames = frames_of([picture])
    box = Face(0, 0, shape[1], shape[0])
    (seen,), _ = observe(iter_frames(frames), FixedDetector(box))
    assert seen.quality is not None
    assert np.isfinite(list(vars(seen.quality).values())).all()


def test_mirrored_picture_is_as_good() -> None:
    face = replace(FACE, left_px=640 - FACE.left_px - FACE.width_px)
    frames = frames_of([cv2.flip(portrait(), 1)], cells=[5])
    (seen,), _ = observe(iter_frames(frames), FixedDetector(face))
    mirrored = picture_quality(Scene([seen], None))
    assert mirrored.value == pytest.approx(score_of(portrait()), abs=0.2)


def with_darker_skin(picture: Picture, reflected: float) -> Picture:
    """The picture in the same light, of somebody whose skin reflects this share of it."""
    face = face_in(picture)
    x, y = (round(side) for side in face.centre_px)
    colours = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    reach = round(face.width_px / 4)
    cheeks = np.median(colours[y : y + reach, x - reach : x + reach].reshape(-1, 3), axis=0)
    alike = np.hypot(*np.moveaxis(colours[..., 1:] - cheeks[1:], 2, 0)) < 12
    skin = cv2.GaussianBlur(alike.astype(np.float32), (0, 0), 1)[..., None]
    light = (picture / 255) ** 2.2 * (1 - skin + skin * reflected)
    return (light ** (1 / 2.2) * 255).round().astype(np.uint8)


def test_darker_skin_in_the_same_light_is_no_fault() -> None:
    picture = portrait()
    before = score_of(picture)
    assert score_of(with_darker_skin(picture, 0.5)) > before - 0.25
    assert score_of(with_darker_skin(picture, 0.25)) > before - 0.25

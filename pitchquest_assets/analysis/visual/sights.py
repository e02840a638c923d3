"""One sampled picture: its figures, its faces, and small copies to compare it with others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitchquest_assets.analysis.visual.faces import Face, FaceDetector, Picture
from pitchquest_assets.analysis.visual.quality import (
    Quality,
    inside,
    measure_grain,
    measure_quality,
)
from pitchquest_assets.analysis.visual.slides import is_slide
from pitchquest_assets.model import Frame

# Sharpness depends on the picture's size, so it is always measured at this width.
SHARPNESS_WIDTH_PX = 640
SMALL_WIDTH_PX = 160
# Two pictures belong to one shot if their colours (histograms of hue, saturation, value) or their
# luma, pixel by pixel, correlate this much. On the test media, colours correlate by 0.81–1.00
# within a shot and 0.04–0.06 across a cut, luma by 0.27–0.38 across a cut. Luma tolerates a change
# of exposure, colours tolerate movement.
SAME_COLOURS_CORRELATION = 0.5
SAME_LUMA_CORRELATION = 0.8
HISTOGRAM_BINS = (8, 8, 8)
CLIPPED_DARK_LUMA = 5
CLIPPED_BRIGHT_LUMA = 250
BRIGHT_PERCENTILE = 95
LUMA = np.arange(256)


@dataclass(frozen=True)
class Look:
    """What is kept of one face."""

    sharpness: float
    clipped: float
    quality: Quality


@dataclass(frozen=True)
class Sight:
    """What is kept of one picture: small copies to compare it, figures, and its faces."""

    frame: Frame
    width_px: int
    height_px: int
    luma: NDArray[np.float32]
    histogram: NDArray[np.float32]
    sharpness: float
    brightness: float
    bright_level: float
    contrast: float
    clipped: float
    slide: bool
    faces: list[Face]
    looks: list[Look]

    @property
    def scale(self) -> float:
        """The width of the small copy divided by that of the picture."""
        return SMALL_WIDTH_PX / self.width_px


def look_at(frame: Frame, picture: Picture, detector: FaceDetector) -> Sight:
    """Measure one picture and each face in it."""
    import cv2

    height, width = picture.shape[:2]
    luma = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    faces = detector.find(picture)
    grain = measure_grain(luma) if faces else None
    looks = [
        Look(
            sharpness=_sharpness(inside(luma, face), width),
            clipped=float((inside(luma, face) >= CLIPPED_BRIGHT_LUMA).mean()),
            quality=measure_quality(luma, face, grain, frame.scale),
        )
        for face in faces
        if grain is not None
    ]
    shares = _shares(luma)
    brightness = float(shares @ LUMA)
    small, histogram = _small(picture)
    return Sight(
        frame=frame,
        width_px=width,
        height_px=height,
        luma=small,
        histogram=histogram,
        sharpness=_sharpness(luma, width),
        brightness=brightness / 255,
        bright_level=float(np.searchsorted(shares.cumsum(), BRIGHT_PERCENTILE / 100)) / 255,
        contrast=float(np.sqrt(shares @ (LUMA - brightness) ** 2)) / 255,
        clipped=float(shares[: CLIPPED_DARK_LUMA + 1].sum() + shares[CLIPPED_BRIGHT_LUMA:].sum()),
        slide=not faces and is_slide(luma),
        faces=faces,
        looks=looks,
    )


def _shares(luma: Picture) -> NDArray[np.float64]:
    """The share of the pixels that have each of the 256 levels."""
    import cv2

    counts = cv2.calcHist([luma], [0], None, [LUMA.size], [0, LUMA.size])
    return np.asarray(counts.ravel(), np.float64) / luma.size


def _small(picture: Picture) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A small grey copy, and the histogram of colours."""
    import cv2

    height, width = picture.shape[:2]
    size = (SMALL_WIDTH_PX, max(1, round(height * SMALL_WIDTH_PX / width)))
    copy = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    histogram = cv2.calcHist(
        [cv2.cvtColor(copy, cv2.COLOR_BGR2HSV)],
        [0, 1, 2],
        None,
        list(HISTOGRAM_BINS),
        [0, 180, 0, 256, 0, 256],
    )
    luma = cv2.GaussianBlur(cv2.cvtColor(copy, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    return np.asarray(luma, np.float32), np.asarray(histogram.ravel(), np.float32)


def same_shot(before: Sight, now: Sight) -> bool:
    """Return whether no cut is between two neighbouring pictures."""
    import cv2

    colours = cv2.compareHist(before.histogram, now.histogram, cv2.HISTCMP_CORREL)
    if colours >= SAME_COLOURS_CORRELATION or before.luma.shape != now.luma.shape:
        return bool(colours >= SAME_COLOURS_CORRELATION)
    luma = cv2.matchTemplate(before.luma, now.luma, cv2.TM_CCOEFF_NORMED)
    return bool(luma[0, 0] >= SAME_LUMA_CORRELATION)


def _sharpness(luma: Picture, picture_width_px: int) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000), in squared luma steps of 0–255."""
    import cv2

    if picture_width_px > SHARPNESS_WIDTH_PX:
        scale = SHARPNESS_WIDTH_PX / picture_width_px
        luma = np.asarray(
            cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    _, deviation = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_32F))
    return float(deviation[0, 0]) ** 2

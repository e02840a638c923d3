"""What each sampled picture shows, and what changed since the previous one.

Only one decoded picture is in memory at a time, with a small grey copy of the previous one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitchquest_assets.analysis.visual.faces import Face, FaceDetector, Picture
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
# A pixel has changed if its luma differs by more than noise and compression would cause.
CHANGED_LUMA = 20
# The area below the face: this many face widths, and at least this share of the picture's height.
BODY_FACE_WIDTHS = 3.0
MIN_BODY_HEIGHT_SHARE = 0.15


@dataclass(frozen=True)
class Observation:
    """What one picture shows; lengths are shares of its width or height, luma a share of white."""

    time_seconds: float
    name: str
    face_height: float | None
    face_width: float | None
    face_x: float | None
    face_y: float | None
    yaw_degrees: float | None
    pitch_degrees: float | None
    mouth_width: float | None
    sharpness: float
    brightness: float
    bright_level: float
    contrast: float
    clipped: float
    face_clipped: float | None
    cut: bool = False
    shift: float | None = None
    changed: float | None = None

    @property
    def has_face(self) -> bool:
        """Whether a face was found."""
        return self.face_height is not None


@dataclass(frozen=True)
class _Small:
    """What is kept of a picture, to compare it with the next one."""

    luma: NDArray[np.float32]
    histogram: NDArray[np.float32]
    face: Face | None
    scale: float


def observe(
    pictures: Iterable[tuple[Frame, bytes]], detector: FaceDetector
) -> tuple[list[Observation], list[str]]:
    """Return an observation for each readable JPEG, and the names of the unreadable ones."""
    import cv2

    observations: list[Observation] = []
    unreadable: list[str] = []
    before: _Small | None = None
    for frame, jpeg in pictures:
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
        if decoded is None:
            unreadable.append(frame.name)
            continue
        picture = np.asarray(decoded, np.uint8)
        face = detector.find(picture)
        small = _small(picture, face)
        observations.append(_observation(frame, picture, face, before, small))
        before = small
    return observations, unreadable


def _observation(
    frame: Frame, picture: Picture, face: Face | None, before: _Small | None, small: _Small
) -> Observation:
    import cv2

    height, width = picture.shape[:2]
    luma = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    region = luma if face is None else _inside(luma, face)
    dark, bright = luma <= CLIPPED_DARK_LUMA, luma >= CLIPPED_BRIGHT_LUMA
    cut = before is not None and not _same_shot(before, small)
    neighbour = None if cut else before
    x, y = face.centre_px if face else (None, None)
    return Observation(
        time_seconds=frame.time_seconds,
        name=frame.name,
        face_height=face.height_px / height if face else None,
        face_width=face.width_px / width if face else None,
        face_x=x / width if x is not None else None,
        face_y=y / height if y is not None else None,
        yaw_degrees=face.yaw_degrees if face else None,
        pitch_degrees=face.pitch_degrees if face else None,
        mouth_width=face.mouth_width if face else None,
        sharpness=_sharpness(region, width),
        brightness=float(luma.mean()) / 255,
        bright_level=float(np.percentile(luma[::2, ::2], 95)) / 255,
        contrast=float(luma.std()) / 255,
        clipped=float(dark.mean() + bright.mean()),
        face_clipped=float((region >= CLIPPED_BRIGHT_LUMA).mean()) if face else None,
        cut=cut,
        shift=_shift(neighbour, small),
        changed=_changed(neighbour, small),
    )


def _inside(luma: Picture, face: Face) -> Picture:
    """The pixels of the face; the whole picture if the box is outside it."""
    top, left = max(0, int(face.top_px)), max(0, int(face.left_px))
    bottom, right = int(face.top_px + face.height_px), int(face.left_px + face.width_px)
    region = luma[top:bottom, left:right]
    return region if region.size else luma


def _sharpness(luma: Picture, picture_width_px: int) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000), in squared luma steps of 0–255."""
    import cv2

    if picture_width_px > SHARPNESS_WIDTH_PX:
        scale = SHARPNESS_WIDTH_PX / picture_width_px
        luma = np.asarray(
            cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    return float(cv2.Laplacian(luma, cv2.CV_32F).var())


def _small(picture: Picture, face: Face | None) -> _Small:
    import cv2

    height, width = picture.shape[:2]
    scale = SMALL_WIDTH_PX / width
    size = (SMALL_WIDTH_PX, max(1, round(height * scale)))
    copy = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    histogram = cv2.calcHist(
        [cv2.cvtColor(copy, cv2.COLOR_BGR2HSV)],
        [0, 1, 2],
        None,
        list(HISTOGRAM_BINS),
        [0, 180, 0, 256, 0, 256],
    )
    luma = cv2.GaussianBlur(cv2.cvtColor(copy, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    return _Small(
        np.asarray(luma, np.float32), np.asarray(histogram.ravel(), np.float32), face, scale
    )


def _same_shot(before: _Small, now: _Small) -> bool:
    import cv2

    colours = cv2.compareHist(before.histogram, now.histogram, cv2.HISTCMP_CORREL)
    if colours >= SAME_COLOURS_CORRELATION or before.luma.shape != now.luma.shape:
        return bool(colours >= SAME_COLOURS_CORRELATION)
    luma = cv2.matchTemplate(before.luma, now.luma, cv2.TM_CCOEFF_NORMED)
    return bool(luma[0, 0] >= SAME_LUMA_CORRELATION)


def _shift(before: _Small | None, now: _Small) -> float | None:
    """How far the face moved since the previous sample, in face widths."""
    if before is None or before.face is None or now.face is None:
        return None
    width = (before.face.width_px + now.face.width_px) / 2
    (x0, y0), (x1, y1) = before.face.centre_px, now.face.centre_px
    return float(np.hypot(x1 - x0, y1 - y0)) / width


def _changed(before: _Small | None, now: _Small) -> float | None:
    """The share of pixels below the face that changed; None if too little is visible below it."""
    if before is None or before.face is None or now.face is None:
        return None
    if before.luma.shape != now.luma.shape:
        return None
    height, width = now.luma.shape
    chin = int(max(one.top_px + one.height_px for one in (before.face, now.face)) * now.scale)
    if height - chin < MIN_BODY_HEIGHT_SHARE * height:
        return None
    reach = BODY_FACE_WIDTHS / 2 * now.face.width_px * now.scale
    middle = now.face.centre_px[0] * now.scale
    left, right = max(0, int(middle - reach)), min(width, int(middle + reach) + 1)
    difference = (now.luma - before.luma)[chin:, left:right]
    # A change of exposure changes all pixels alike, which is not movement.
    difference = difference - np.median(difference)
    return float((np.abs(difference) > CHANGED_LUMA).mean())

"""Finds faces, how each head is turned, and how wide the mouth is.

`FaceDetector` has two implementations: YuNet (five landmarks), and the Haar frontal-face cascade
that ships with OpenCV (box only).

YuNet's landmarks depend on the size of the face in the picture: small faces get the landmarks of an
average face, so turns and smiles go unnoticed. Each face is therefore examined twice: it is found
in a small copy of the picture, then measured in a crop that is upright and always the same size.
They also differ between a picture and its mirror image, so both are measured; the mean is used, and
the difference shows the error.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pitchquest_assets.analysis.visual.face_network import FaceNetwork
from pitchquest_assets.analysis.visual.landmarks import (
    Points,
    measure_landmarks,
    measure_teeth,
    mouth_patch,
    tilt_degrees,
    unmirrored,
)

Picture = NDArray[np.uint8]

# Pixels of the copies to search for a face: first the small one, then the large one.
SMALL_COPY_PIXELS = 320 * 180
LARGE_COPY_PIXELS = 640 * 360
# Landmarks respond best to turns and smiles in faces of this height (measured on 60–290 px).
MEASURED_FACE_HEIGHT_PX = 240
CROP_MARGIN = 1.2
# The landmarks of the small copy show about two thirds of a head's tilt.
TILT_CORRECTION = 1.5
# YuNet works in blocks of this many pixels.
BLOCK_PX = 32

HAAR_CASCADE = "haarcascade_frontalface_default.xml"
HAAR_SCALE_STEP = 1.15
HAAR_MIN_NEIGHBOURS = 4
# Pixels of a copy, and size of the smallest face in it. The first finds most faces at a quarter of
# the cost of the last, which finds faces of 56 px in a picture 640 px wide.
HAAR_COPIES = ((112 * 63, 24), (160 * 90, 24), (SMALL_COPY_PIXELS, 28))
# Haar's box is smaller than YuNet's (forehead to chin) by this factor, measured on 174 faces.
HAAR_BOX_SHARE = 0.87
# Of several people in the picture, those whose faces are at least this high beside the highest one.
MIN_SHARE_OF_LARGEST = 0.5
MAX_PEOPLE = 3
# The landmarks of smaller faces in the picture are those of an average face.
MIN_JUDGED_HEIGHT_PX = 32
# Boxes in a picture and its mirror image that overlap by this share are one face.
SAME_FACE_OVERLAP = 0.5


@dataclass(frozen=True)
class Face:
    """One face: its box in pixels of the picture, and what its landmarks show."""

    left_px: float
    top_px: float
    width_px: float
    height_px: float
    yaw_degrees: float | None = None
    pitch_degrees: float | None = None
    mouth_width: float | None = None
    mouth_error: float | None = None
    teeth: float | None = None
    mouth_patch: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    @property
    def centre_px(self) -> tuple[float, float]:
        """The middle of the box, x and y in pixels."""
        return self.left_px + self.width_px / 2, self.top_px + self.height_px / 2


class FaceDetector(Protocol):
    """Finds faces in a BGR picture."""

    name: str
    has_landmarks: bool

    def find(self, picture: Picture) -> list[Face]:
        """Return up to three faces of people in the foreground, the largest first."""


class YuNet:
    """A `face_detection_yunet*.onnx` model."""

    has_landmarks = True

    def __init__(self, model: Path) -> None:
        self.name = model.stem.removeprefix("face_detection_")
        self._network = FaceNetwork(model)

    def find(self, picture: Picture) -> list[Face]:
        """Return faces with pose and mouth; without them if the crop shows no face."""
        found = [
            (Face(left, top, width, height), tilt)
            for left, top, width, height, tilt in self._find_boxes(picture)
        ]
        return [self._measured(picture, box, tilt) for box, tilt in _foreground(found)]

    def _find_boxes(self, picture: Picture) -> list[list[float]]:
        """Rows of left, top, width, height and tilt, the same for a mirrored picture."""
        for pixels in (SMALL_COPY_PIXELS, LARGE_COPY_PIXELS):
            copy, scale = shrink(picture, pixels)
            plain = self._boxes(copy, mirrored=False)
            # To look a second time in a large copy costs more than it finds.
            again = pixels == SMALL_COPY_PIXELS or plain
            rows = _merged(plain, self._boxes(copy, mirrored=True) if again else [])
            if rows or scale == 1:
                return [[*(side / scale for side in row[:4]), row[4]] for row in rows]
        return []

    def _boxes(self, picture: Picture, *, mirrored: bool) -> list[list[float]]:
        width = picture.shape[1]
        boxes = []
        for row in self._network.find(picture[:, ::-1] if mirrored else picture):
            points = row[4:].reshape(5, 2)
            points = unmirrored(points, width) if mirrored else points
            left = width - row[0] - row[2] if mirrored else row[0]
            boxes.append([float(left), *map(float, row[1:4]), tilt_degrees(points)])
        return boxes

    def _measured(self, picture: Picture, box: Face, tilt: float) -> Face:
        if box.height_px < MIN_JUDGED_HEIGHT_PX:
            return box
        crop = _upright(picture, box, TILT_CORRECTION * tilt)
        plain, mirrored = self._landmarks(crop), self._landmarks(crop[:, ::-1])
        if plain is None or mirrored is None:
            return box
        mirrored = unmirrored(mirrored, crop.shape[1])
        first, second = measure_landmarks(plain), measure_landmarks(mirrored)
        yaw, pitch, mouth = (
            None if one is None or other is None else (one + other) / 2
            for one, other in zip(first, second, strict=True)
        )
        if mouth is None or first[2] is None:
            return box
        points = np.asarray((plain + mirrored) / 2, np.float32)
        return replace(
            box,
            yaw_degrees=yaw,
            pitch_degrees=pitch,
            mouth_width=mouth,
            mouth_error=abs(first[2] - mouth),
            teeth=measure_teeth(crop, points),
            mouth_patch=mouth_patch(crop, points),
        )

    def _landmarks(self, crop: Picture) -> Points | None:
        """The five landmarks of the largest face in a crop, shape (5, 2), in its pixels."""
        rows = self._network.find(crop)
        if not len(rows):
            return None
        return np.asarray(max(rows, key=lambda row: row[2] * row[3])[4:].reshape(5, 2))


class Haar:
    """The frontal-face cascade that ships with OpenCV below 5: box only."""

    name = "haar_frontalface"
    has_landmarks = False

    def __init__(self) -> None:
        import cv2.data

        self._cascade: Any = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / HAAR_CASCADE))

    def find(self, picture: Picture) -> list[Face]:
        """Return faces turned to the front, their boxes scaled to YuNet's."""
        import cv2

        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        for pixels, min_face_px in HAAR_COPIES:
            copy, scale = shrink(grey, pixels)
            boxes = self._cascade.detectMultiScale(
                copy, HAAR_SCALE_STEP, HAAR_MIN_NEIGHBOURS, minSize=(min_face_px, min_face_px)
            )
            if len(boxes):
                grown = 1 / HAAR_BOX_SHARE - 1
                found = [
                    Face(left, top - grown * height / 2, width, (1 + grown) * height)
                    for left, top, width, height in (map(float, box / scale) for box in boxes)
                ]
                return [face for face, _ in _foreground([(face, 0.0) for face in found])]
        return []


def open_detector(yunet_model: Path | None) -> FaceDetector:
    """Return YuNet if its model file is given, else Haar.

    Raises:
        EngineUnavailable: the model file cannot be loaded.
    """
    return YuNet(yunet_model) if yunet_model else Haar()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run OpenCV on one thread: for pictures this small, more only waste CPU time (measured)."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def shrink(picture: Picture, max_pixels: int) -> tuple[Picture, float]:
    """Return a copy of at most `max_pixels` and its scale; a small picture is returned as it is."""
    import cv2

    height, width = picture.shape[:2]
    scale = math.sqrt(max_pixels / (width * height))
    if scale >= 1:
        return picture, 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _foreground(found: Sequence[tuple[Face, float]]) -> list[tuple[Face, float]]:
    """The largest faces, with their tilts."""
    ordered = sorted(found, key=lambda one: -one[0].width_px * one[0].height_px)
    return [
        one
        for one in ordered[:MAX_PEOPLE]
        if one[0].height_px >= MIN_SHARE_OF_LARGEST * ordered[0][0].height_px
    ]


def _merged(plain: list[list[float]], mirrored: list[list[float]]) -> list[list[float]]:
    """The mean of boxes that are in both lists, and those that are in one."""
    rest, rows = list(mirrored), []
    for row in plain:
        same = max(rest, key=lambda other: _overlap(row, other), default=None)
        if same is not None and _overlap(row, same) >= SAME_FACE_OVERLAP:
            rest.remove(same)
            rows.append([(one + other) / 2 for one, other in zip(row, same, strict=True)])
        else:
            rows.append(row)
    return rows + rest


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """The shared area of two boxes over the area of both, 0–1."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, across) * max(0.0, down)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def _upright(picture: Picture, box: Face, tilt_degrees: float) -> Picture:
    """A crop of the face, turned upright and of one size."""
    import cv2

    scale = MEASURED_FACE_HEIGHT_PX / box.height_px
    crop_size = [
        math.ceil(side * scale * CROP_MARGIN / BLOCK_PX) * BLOCK_PX
        for side in (box.width_px, box.height_px)
    ]
    # Boxes are measured from the edge of the first pixel, OpenCV's turns from its middle.
    middle = np.array(box.centre_px) - 0.5
    turn = cv2.getRotationMatrix2D(middle.tolist(), tilt_degrees, scale)
    shift = np.array(crop_size) / 2 - 0.5 - middle
    turn = turn + np.array([[0, 0, shift[0]], [0, 0, shift[1]]])
    crop = cv2.warpAffine(
        picture, turn, crop_size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)

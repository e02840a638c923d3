"""Finds the speaker's face, how the head is turned, and how wide the mouth is.

`FaceDetector` has two implementations: YuNet (OpenCV's FaceDetectorYN, five landmarks), and the
Haar frontal-face cascade that ships with OpenCV (box only). The speaker is the largest face.

YuNet's landmarks depend on the size of the face in the picture: small faces get the landmarks of an
average face, so turns and smiles go unnoticed. Each face is therefore examined twice: it is found
in a small copy of the picture, then measured in a crop that is upright and always the same size.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pitchquest_assets.errors import EngineUnavailable

Picture = NDArray[np.uint8]

# Pixels of the copies to search for a face: first the small one, then the large one.
SMALL_COPY_PIXELS = 320 * 180
LARGE_COPY_PIXELS = 640 * 360
MIN_CONFIDENCE = 0.7
NMS_OVERLAP = 0.3
MAX_FACES = 50
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

# How far the nose tip is in front of the eyes, in distances between the eyes.
NOSE_DEPTH = 0.45
# Where the nose tip of a level head lies between the eyes (0) and the mouth (1).
LEVEL_NOSE = 0.56


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

    @property
    def centre_px(self) -> tuple[float, float]:
        """The middle of the box, x and y in pixels."""
        return self.left_px + self.width_px / 2, self.top_px + self.height_px / 2


class FaceDetector(Protocol):
    """Finds the speaker's face in a BGR picture."""

    name: str
    has_landmarks: bool

    def find(self, picture: Picture) -> Face | None:
        """Return the largest face; None if there is none."""


class YuNet:
    """OpenCV's FaceDetectorYN with a `face_detection_yunet*.onnx` model."""

    has_landmarks = True

    def __init__(self, model: Path) -> None:
        import cv2

        self.name = model.stem.removeprefix("face_detection_")
        try:
            self._detector: Any = cv2.FaceDetectorYN.create(
                str(model), "", (320, 320), MIN_CONFIDENCE, NMS_OVERLAP, MAX_FACES
            )
        except cv2.error as error:
            raise EngineUnavailable(
                f"{model} is not a face model that OpenCV can load: delete it and run "
                "`pitchquest models pull yunet`."
            ) from error

    def find(self, picture: Picture) -> Face | None:
        """Return the largest face with pose and mouth; without them if the crop shows no face."""
        row = self._find_box(picture)
        if row is None:
            return None
        left, top, width, height = (float(value) for value in row[:4])
        tilt = TILT_CORRECTION * _tilt_degrees(row[4:14].reshape(5, 2))
        box = Face(left, top, width, height)
        landmarks = self._landmarks(picture, box, tilt)
        if landmarks is None:
            return box
        return Face(left, top, width, height, *measure_landmarks(landmarks))

    def _find_box(self, picture: Picture) -> NDArray[np.float32] | None:
        for pixels in (SMALL_COPY_PIXELS, LARGE_COPY_PIXELS):
            copy, scale = shrink(picture, pixels)
            row = self._largest(copy)
            if row is not None:
                return row / np.float32(scale)
            if scale == 1:
                return None
        return None

    def _landmarks(
        self, picture: Picture, box: Face, tilt_degrees: float
    ) -> NDArray[np.float32] | None:
        """The five landmarks, shape (5, 2), in pixels of an upright crop of one size."""
        import cv2

        scale = MEASURED_FACE_HEIGHT_PX / box.height_px
        crop_size = [
            math.ceil(side * scale * CROP_MARGIN / BLOCK_PX) * BLOCK_PX
            for side in (box.width_px, box.height_px)
        ]
        turn = cv2.getRotationMatrix2D(box.centre_px, tilt_degrees, scale)
        turn[:, 2] += np.array(crop_size) / 2 - np.array(box.centre_px)
        crop = cv2.warpAffine(
            picture,
            turn,
            crop_size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        row = self._largest(np.asarray(crop, np.uint8))
        return None if row is None else row[4:14].reshape(5, 2)

    def _largest(self, picture: Picture) -> NDArray[np.float32] | None:
        """The row of the largest face: x, y, width, height, five landmarks, confidence."""
        self._detector.setInputSize((picture.shape[1], picture.shape[0]))
        _, rows = self._detector.detect(picture)
        if rows is None:
            return None
        largest: NDArray[np.float32] = rows[np.argmax(rows[:, 2] * rows[:, 3])]
        return largest


class Haar:
    """The frontal-face cascade that ships with OpenCV below 5: box only."""

    name = "haar_frontalface"
    has_landmarks = False

    def __init__(self) -> None:
        import cv2.data

        self._cascade: Any = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / HAAR_CASCADE))

    def find(self, picture: Picture) -> Face | None:
        """Return the largest face turned to the front, its box scaled to YuNet's."""
        import cv2

        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        for pixels, min_face_px in HAAR_COPIES:
            copy, scale = shrink(grey, pixels)
            boxes = self._cascade.detectMultiScale(
                copy, HAAR_SCALE_STEP, HAAR_MIN_NEIGHBOURS, minSize=(min_face_px, min_face_px)
            )
            if len(boxes):
                box = max(boxes, key=lambda box: int(box[2]) * int(box[3])) / scale
                left, top, width, height = (float(value) for value in box)
                grown = (1 / HAAR_BOX_SHARE - 1) * height
                return Face(left, top - grown / 2, width, height + grown)
        return None


def open_detector(yunet_model: Path | None) -> FaceDetector:
    """Return YuNet if its model file is given, else Haar.

    Raises:
        EngineUnavailable: OpenCV cannot load the model file.
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


def _tilt_degrees(landmarks: NDArray[np.float32]) -> float:
    """How far the line of the eyes is from level, in degrees clockwise."""
    across, down = landmarks[1] - landmarks[0]
    return math.degrees(math.atan2(down, across))


def measure_landmarks(
    landmarks: NDArray[np.float32],
) -> tuple[float | None, float | None, float | None]:
    """Estimate the head's yaw and pitch, and the mouth's width.

    The nose tip is NOSE_DEPTH eye distances in front of the eyes, so a turn by an angle moves it
    away from the middle of the eyes by NOSE_DEPTH * tan(angle). This is inverted along the line of
    the eyes for yaw (so a tilted head does not count as turned) and across it for pitch. With five
    points the estimate is rough: it is meant to distinguish a turn of 20 degrees from none.

    Args:
        landmarks: shape (5, 2): the two eyes, the nose tip, the two mouth corners, in any unit.

    Returns:
        Yaw (degrees, positive to the picture's right), pitch (degrees, positive up) and mouth width
        (in distances between the eyes); all None if the points are not a face.
    """
    eyes, nose, mouth = landmarks[:2], landmarks[2], landmarks[3:]
    across = eyes[1] - eyes[0]
    eye_distance = float(np.hypot(*across))
    if eye_distance == 0:
        return None, None, None
    across = across / eye_distance
    down = np.array([-across[1], across[0]])
    between = eyes.mean(axis=0)
    face_length = float((mouth.mean(axis=0) - between) @ down) / eye_distance
    if face_length <= 0:
        return None, None, None
    sideways = float((nose - between) @ across) / eye_distance
    upward = LEVEL_NOSE * face_length - float((nose - between) @ down) / eye_distance
    return (
        math.degrees(math.atan(sideways / NOSE_DEPTH)),
        math.degrees(math.atan(upward / NOSE_DEPTH)),
        float(np.hypot(*(mouth[1] - mouth[0]))) / eye_distance,
    )

"""What five landmarks of a face show: how the head is turned, how wide the mouth is, and teeth.

The landmarks are the two eyes, the nose tip and the two corners of the mouth, left to right.
"""

import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

# How far the nose tip is in front of the eyes, in distances between the eyes.
NOSE_DEPTH = 0.45
# Where the nose tip of a level head lies between the eyes (0) and the mouth (1).
LEVEL_NOSE = 0.56
# The mouth's surroundings, in its own widths from its middle.
MOUTH_ABOVE, MOUTH_BELOW, MOUTH_BESIDE = 0.25, 0.35, 0.4
# A cheek's patch below each eye, in distances between the eyes from the height of the nose tip.
CHEEK_ABOVE, CHEEK_BELOW, CHEEK_BESIDE = 0.1, 0.15, 0.15
# Teeth are almost as bright as the cheeks, and less red than they are.
TEETH_BRIGHTNESS = 0.85
TEETH_PALER = 0.02
LUMA_OF_BGR = np.array([0.114, 0.587, 0.299])
MOUTH_PATCH_SIZE_PX = (24, 16)


def tilt_degrees(landmarks: Points) -> float:
    """Return how far the line of the eyes is from level, in degrees clockwise."""
    across, down = landmarks[1] - landmarks[0]
    return math.degrees(math.atan2(down, across))


def unmirrored(landmarks: Points, width_px: int) -> Points:
    """Return the landmarks of a mirrored picture as they are in the picture itself."""
    swapped = landmarks[[1, 0, 2, 4, 3]].copy()
    swapped[:, 0] = width_px - swapped[:, 0]
    return swapped


def measure_landmarks(
    landmarks: Points,
) -> tuple[float | None, float | None, float | None]:
    """Estimate the head's yaw and pitch, and the mouth's width.

    The nose tip is NOSE_DEPTH eye distances in front of the eyes, so a turn by an angle moves it
    away from the middle of the eyes by NOSE_DEPTH * tan(angle). This is inverted along the line of
    the eyes for yaw (so a tilted head does not count as turned) and across it for pitch. With five
    points the estimate is rough: it is meant to distinguish a turn of 20 degrees from none.

    Args:
        landmarks: shape (5, 2), in any unit.

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


def measure_teeth(crop: NDArray[np.uint8], landmarks: Points) -> float:
    """Return the share of the mouth's surroundings that look like teeth, 0–1.

    Args:
        crop: BGR pixels of an upright face.
        landmarks: in pixels of the crop.
    """
    left, right = landmarks[3], landmarks[4]
    width = float(right[0] - left[0])
    mouth = _box(crop, (left + right) / 2, MOUTH_ABOVE, MOUTH_BELOW, MOUTH_BESIDE, width)
    eye_distance = float(landmarks[1][0] - landmarks[0][0])
    cheeks = [
        _box(
            crop,
            np.array([eye[0], landmarks[2][1]]),
            CHEEK_ABOVE,
            CHEEK_BELOW,
            CHEEK_BESIDE,
            eye_distance,
        )
        for eye in landmarks[:2]
    ]
    skin = np.concatenate(cheeks)
    if not mouth.size or not skin.size:
        return 0.0
    colour = np.median(skin, axis=0)
    bright = mouth @ LUMA_OF_BGR > TEETH_BRIGHTNESS * (colour @ LUMA_OF_BGR)
    pale = _redness(mouth) < _redness(colour[None])[0] - TEETH_PALER
    return float((bright & pale).mean())


def mouth_patch(crop: NDArray[np.uint8], landmarks: Points) -> NDArray[np.float32]:
    """Return the grey mouth at a fixed size and contrast, to compare with that of another moment.

    Args:
        crop: BGR pixels of an upright face.
        landmarks: in pixels of the crop.
    """
    import cv2

    middle, width = landmarks[3:].mean(axis=0), float(landmarks[4][0] - landmarks[3][0])
    size = (max(2, round(1.2 * width)), max(2, round(0.8 * width)))
    cut = cv2.getRectSubPix(crop, size, (float(middle[0]), float(middle[1])))
    grey = cv2.cvtColor(cv2.resize(cut, MOUTH_PATCH_SIZE_PX), cv2.COLOR_BGR2GRAY)
    patch = np.asarray(grey, np.float32)
    return np.asarray((patch - patch.mean()) / (patch.std() + 1), np.float32)


def _box(
    crop: NDArray[np.uint8],
    middle: NDArray[np.floating],
    above: float,
    below: float,
    beside: float,
    unit_px: float,
) -> NDArray[np.float64]:
    """The pixels of a box around a point, shape (n, 3)."""
    top, bottom = middle[1] - above * unit_px, middle[1] + below * unit_px
    left, right = middle[0] - beside * unit_px, middle[0] + beside * unit_px
    top, bottom, left, right = (max(0, int(side)) for side in (top, bottom, left, right))
    return crop[top:bottom, left:right].reshape(-1, 3).astype(np.float64)


def _redness(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of red in BGR colours, shape (n, 3)."""
    return np.asarray(colours[:, 2] / (colours.sum(axis=1) + 1))

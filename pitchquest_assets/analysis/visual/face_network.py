"""Runs YuNet, the network that finds faces, by onnxruntime.

OpenCV's FaceDetectorYN finds the same faces to a hundredth of a pixel, and takes two to three times
as long on one thread.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.media.networks import open_network

MIN_CONFIDENCE = 0.7
NMS_OVERLAP = 0.3
MAX_FACES = 50
# The network looks for faces from points so many pixels apart.
STRIDES_PX = (8, 16, 32)
LANDMARKS = 5
OUTPUTS = ("cls", "obj", "bbox", "kps")

Rows = NDArray[np.float32]


class FaceNetwork:
    """A `face_detection_yunet*.onnx` model that takes pictures of any size."""

    def __init__(self, model: Path) -> None:
        """Load the model.

        Raises:
            EngineUnavailable: the file is not such a model.
        """
        names = [f"{name}_{stride}" for stride in STRIDES_PX for name in OUTPUTS]
        try:
            self._session: Any = open_network(model)
            self._names, (self._input,) = names, [one.name for one in self._session.get_inputs()]
            self.find(np.zeros((32, 64, 3), np.uint8))
        except Exception as error:  # onnxruntime's own have no common kind
            raise EngineUnavailable(
                f"{model} is not a YuNet for pictures of any size: delete it and run "
                "`pitchquest models pull yunet`."
            ) from error

    def find(self, picture: NDArray[np.uint8]) -> Rows:
        """Return the faces in BGR pixels (height, width, 3), the surest first.

        Returns:
            float32 (n, 14): left, top, width, height, then x and y of the eyes, the nose tip and
            the corners of the mouth, left to right; all in pixels.
        """
        import cv2

        height, width = picture.shape[:2]
        coarsest = STRIDES_PX[-1]
        padded = np.zeros((1, 3, _up(height, coarsest), _up(width, coarsest)), np.float32)
        padded[0, :, :height, :width] = picture.transpose(2, 0, 1)
        outputs = self._session.run(self._names, {self._input: padded})
        cls, obj, box, landmarks = (
            np.concatenate([one[0] for one in outputs[kind :: len(OUTPUTS)]])
            for kind in range(len(OUTPUTS))
        )
        confidence = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
        sure = np.flatnonzero(confidence >= MIN_CONFIDENCE)
        x_y, stride = _points(padded.shape[2], padded.shape[3])
        x_y, stride = x_y[sure], stride[sure]
        size = np.exp(box[sure, 2:]) * stride
        corner = (x_y + box[sure, :2]) * stride - size / 2
        marks = (np.tile(x_y, LANDMARKS) + landmarks[sure]) * stride
        kept = cv2.dnn.NMSBoxes(
            np.concatenate([corner, size], axis=1).astype(int).tolist(),
            confidence[sure].tolist(),
            MIN_CONFIDENCE,
            NMS_OVERLAP,
            top_k=MAX_FACES,
        )
        rows: Rows = np.concatenate([corner, size, marks], axis=1)[np.asarray(kept, int)]
        return rows


@lru_cache(maxsize=8)
def _points(height: int, width: int) -> tuple[Rows, Rows]:
    """The points from which faces are sought in a picture of that size, in the network's order.

    Returns:
        x and y in their own strides, shape (n, 2), and the strides in pixels, shape (n, 1).
    """
    places, strides = [], []
    for stride in STRIDES_PX:
        y, x = np.mgrid[: height // stride, : width // stride]
        places.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((x.size, 1), stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _up(pixels: int, step: int) -> int:
    return -(-pixels // step) * step

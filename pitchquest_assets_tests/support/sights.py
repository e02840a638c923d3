"""Pictures, observations and a detector to test the visual analysis with."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from pitchquest_assets.analysis.visual.faces import Face, Picture
from pitchquest_assets.analysis.visual.observations import Observation
from pitchquest_assets.model import Frame, Frames
from pitchquest_assets_tests.support.places import SAMPLES

# In the folder of the fixture `shared_models`.
YUNET = "face_detection_yunet_2026may.onnx"
PORTRAIT = SAMPLES / "portrait.jpg"


class FixedDetector:
    """Finds the given faces one after the other, then the last one every time."""

    name = "fixed"
    has_landmarks = True

    def __init__(self, *faces: Face | None) -> None:
        self._faces = list(faces)

    def find(self, picture: Picture) -> Face | None:
        return self._faces.pop(0) if len(self._faces) > 1 else self._faces[0]


def frames_of(pictures: Sequence[Picture | bytes], spacing_seconds: float = 1.0) -> Frames:
    """Return frames made of BGR pictures, or of bytes in place of a JPEG."""
    held = io.BytesIO()
    frames = []
    with zipfile.ZipFile(held, "w") as archive:
        for index, picture in enumerate(pictures):
            frames.append(Frame(time_seconds=index * spacing_seconds, name=f"{index:04d}.jpg"))
            data = picture if isinstance(picture, bytes) else _jpeg(picture)
            archive.writestr(frames[-1].name, data)
    return Frames(
        payload=held.getvalue(),
        frames=frames,
        width_px=640,
        height_px=360,
        spacing_seconds=spacing_seconds,
        method="decode",
    )


def pictures_of(
    video: Path, spacing_seconds: float, *, keyframes_only: bool = False
) -> list[Picture]:
    """Return pictures of a video, 640 px wide and at least this far apart."""
    pictures: list[Picture] = []
    wanted = 0.0
    with av.open(str(video)) as container:
        if keyframes_only:
            container.streams.video[0].codec_context.skip_frame = "NONKEY"
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= wanted:
                wanted = frame.time + spacing_seconds - 0.001
                height = round(640 * frame.height / frame.width)
                small = frame.reformat(width=640, height=height, format="bgr24")
                pictures.append(small.to_ndarray())
    return pictures


def portrait(width_px: int = 640, height_px: int = 360) -> Picture:
    """A grey picture with head and shoulders of the samples' portrait in its middle."""
    picture = np.full((height_px, width_px, 3), 120, np.uint8)
    source = cv2.imread(str(PORTRAIT))
    assert source is not None
    side = min(width_px, height_px)
    source = source[:360, 45:405]
    small = cv2.resize(source, (side, side), interpolation=cv2.INTER_AREA)
    top, left = (height_px - side) // 2, (width_px - side) // 2
    picture[top : top + side, left : left + side] = small
    return picture


def observation(index: int = 0, **overrides: Any) -> Observation:
    """A well-framed, well-lit face that looks into the camera, one second after the other."""
    values: dict[str, Any] = {
        "time_seconds": float(index),
        "name": f"{index:04d}.jpg",
        "face_height": 0.35,
        "face_width": 0.15,
        "face_x": 0.5,
        "face_y": 0.4,
        "yaw_degrees": 2.0,
        "pitch_degrees": -3.0,
        "mouth_width": 0.8,
        "sharpness": 120.0,
        "brightness": 0.5,
        "bright_level": 0.8,
        "contrast": 0.2,
        "clipped": 0.0,
        "face_clipped": 0.0,
        "shift": 0.1,
        "changed": 0.15,
    }
    return Observation(**(values | overrides))


NO_FACE: dict[str, Any] = dict.fromkeys(
    (
        "face_height",
        "face_width",
        "face_x",
        "face_y",
        "yaw_degrees",
        "pitch_degrees",
        "mouth_width",
        "face_clipped",
        "shift",
        "changed",
    )
)


def _jpeg(picture: Picture) -> bytes:
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return encoded.tobytes()

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
from pitchquest_assets.analysis.visual.quality import Quality
from pitchquest_assets.model import Frame, Frames
from pitchquest_assets_tests.support.places import SAMPLES

# In the folder of the fixture `shared_models`.
YUNET = "face_detection_yunet_2026may.onnx"
PORTRAIT = SAMPLES / "portrait.jpg"


class FixedDetector:
    """Finds the given faces one after the other, then the last ones every time.

    A list of faces stands for several people, None for a picture without a face.
    """

    name = "fixed"
    has_landmarks = True

    def __init__(self, *faces: Face | list[Face] | None) -> None:
        self._faces = list(faces)

    def find(self, picture: Picture) -> list[Face]:
        found = self._faces.pop(0) if len(self._faces) > 1 else self._faces[0]
        if isinstance(found, list):
            return found
        return [found] if found else []


def frames_of(
    pictures: Sequence[Picture | bytes],
    spacing_seconds: float = 1.0,
    *,
    cells: Sequence[int] | None = None,
    scale: float = 1.0,
) -> Frames:
    """Return frames made of BGR pictures, or of bytes in place of a JPEG.

    Args:
        cells: for how many times the spacing each picture is on show.
        scale: of all pictures, see `Frame.scale`.
    """
    held = io.BytesIO()
    frames: list[Frame] = []
    with zipfile.ZipFile(held, "w") as archive:
        seconds = 0.0
        for index, picture in enumerate(pictures):
            shown = cells[index] if cells else 1
            frames.append(
                Frame(time_seconds=seconds, name=f"{index:04d}.jpg", cells=shown, scale=scale)
            )
            seconds += shown * spacing_seconds
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
    """A grey picture with head and shoulders of the sample's portrait in the middle."""
    picture = np.full((height_px, width_px, 3), 120, np.uint8)
    source = cv2.imread(str(PORTRAIT))
    assert source is not None
    side = min(width_px, height_px)
    source = source[:360, 45:405]
    small = cv2.resize(source, (side, side), interpolation=cv2.INTER_AREA)
    top, left = (height_px - side) // 2, (width_px - side) // 2
    picture[top : top + side, left : left + side] = small
    return picture


GOOD_QUALITY = Quality(
    resolution_px=200, detail=2.8, noise=0.3, blocking=1.1, light=0.7, backlight=0.5
)


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
        "quality": GOOD_QUALITY,
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
        "quality",
    )
)


def _jpeg(picture: Picture) -> bytes:
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return encoded.tobytes()


def slide(*, dark: bool = False, lines: int = 7) -> Picture:
    """A slide with lines of text."""
    paper, ink = ((40, 30, 20), (230, 230, 230)) if dark else ((255, 255, 255), (20, 20, 20))
    picture = np.full((360, 640, 3), paper, np.uint8)
    for line in range(lines):
        place = (40, 60 + 40 * line)
        text = f"{line + 1}. Forty thousand bakeries"
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2, cv2.LINE_AA)
    return picture


def bars() -> Picture:
    """A test card of coloured bars."""
    colours = np.array(
        [[0, 0, 0], [255, 0, 255], [255, 0, 0], [0, 255, 255], [0, 255, 0], [255, 255, 255]],
        np.uint8,
    )
    picture = colours[np.arange(640) * 6 // 640][None].repeat(360, axis=0)
    for index in range(12):
        cv2.rectangle(picture, (20 + 50 * index, 250), (50 + 50 * index, 300), (0, 0, 255), -1)
    return picture


def on(canvas: Picture, other: Picture, left_px: int, top_px: int) -> Picture:
    """A picture with another one in it."""
    made = canvas.copy()
    made[top_px : top_px + other.shape[0], left_px : left_px + other.shape[1]] = other
    return made

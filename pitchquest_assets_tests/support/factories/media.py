"""What is read from the file: the probed video, and small drawn frames."""

import io
import math
import zipfile
from typing import Any

import numpy as np

from pitchquest_assets.model import Frame, Frames, SourceVideo
from pitchquest_assets_tests.support.factories.transcripts import duration_of, words_of

NO_PICTURE = "the file has no picture"


def source_video(**overrides: Any) -> SourceVideo:
    values: dict[str, Any] = {
        "video_id": "ember-pitch-3f2a",
        "filename": "ember_pitch.mp4",
        "path": "ember_pitch.mp4",
        "captions_path": "ember_pitch.vtt",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "size_bytes": 18_432_117,
        "container": "mov",
        "duration_seconds": duration_of(words_of()),
        "has_video": True,
        "has_audio": True,
        "video_codec": "h264",
        "audio_codec": "aac",
        "width_px": 1280,
        "height_px": 720,
        "fps": 30.0,
    }
    return SourceVideo(**(values | overrides))


def frames_value(count: int = 50, **overrides: Any) -> Frames:
    """Small drawn portraits, one each 1.36 s, in a stored ZIP with a contact sheet."""
    names = [f"{index:04d}.jpg" for index in range(count)]
    values: dict[str, Any] = {
        "payload": _zip_of(names),
        "frames": [
            Frame(time_seconds=round(index * 1.36, 2), name=name)
            for index, name in enumerate(names)
        ],
        "width_px": 640,
        "height_px": 360,
        "spacing_seconds": 1.36,
        "method": "keyframes",
    }
    return Frames(**(values | overrides))


def no_frames(reason: str = NO_PICTURE) -> Frames:
    """The frames of a file without a picture."""
    return Frames(
        payload=b"",
        frames=[],
        width_px=0,
        height_px=0,
        spacing_seconds=1.36,
        method="none",
        reason=reason,
    )


def _zip_of(names: list[str]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for index, name in enumerate(names):
            archive.writestr(name, _portrait(index))
        archive.writestr("contact_sheet.jpg", _portrait(0))
    return memory.getvalue()


def _portrait(index: int) -> bytes:
    """A drawn head before a wall, moving a little with the index, as JPEG."""
    import cv2

    picture = np.full((360, 640, 3), (196, 188, 176), np.uint8)
    centre = (320 + round(50 * math.sin(index / 3)), 150)
    cv2.ellipse(picture, (centre[0], 400), (150, 170), 0, 0, 360, (92, 70, 52), -1)
    cv2.ellipse(picture, centre, (58, 76), 0, 0, 360, (150, 178, 214), -1)
    for side in (-22, 22):
        cv2.circle(picture, (centre[0] + side, centre[1] - 12), 6, (52, 46, 44), -1)
    cv2.ellipse(picture, (centre[0], centre[1] + 30), (20, 9), 0, 0, 180, (80, 80, 150), 3)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()

from pathlib import Path

import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.face_network import (
    MAX_FACES,
    MIN_CONFIDENCE,
    NMS_OVERLAP,
    FaceNetwork,
)
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets_tests.support.sights import YUNET, pictures_of, portrait


def opencv(model: Path, picture: np.ndarray) -> np.ndarray:
    """What OpenCV's own runner of the same model finds."""
    height, width = picture.shape[:2]
    detector = cv2.FaceDetectorYN.create(
        str(model), "", (width, height), MIN_CONFIDENCE, NMS_OVERLAP, MAX_FACES
    )
    _, rows = detector.detect(np.ascontiguousarray(picture))
    return np.zeros((0, 14)) if rows is None else rows[:, :14]


@pytest.mark.parametrize(
    ("width_px", "height_px"), [(640, 360), (320, 180), (180, 320), (333, 217), (90, 70)]
)
def test_faces_are_those_of_opencv_in_pictures_of_any_size(
    shared_models: Path, width_px: int, height_px: int
) -> None:
    model = shared_models / YUNET
    picture = portrait(width_px, height_px)
    for shown in (picture, picture[:, ::-1]):
        found = FaceNetwork(model).find(shown)
        assert len(found) == 1
        assert found == pytest.approx(opencv(model, shown), abs=0.01)


def test_several_faces_come_in_the_order_of_opencv(shared_media: Path, shared_models: Path) -> None:
    model = shared_models / YUNET
    network = FaceNetwork(model)
    (one, *_), (other, *_) = (
        pictures_of(shared_media / "faces" / name, 3.0)
        for name in ("pyfeat_WolfgangLanger_Pexels.mp4", "pyfeat_single_face.mp4")
    )
    height = min(one.shape[0], other.shape[0])
    both = np.hstack([one[:height], other[:height]])
    assert len(network.find(both)) == 2
    assert network.find(both) == pytest.approx(opencv(model, both), abs=0.01)


def test_an_empty_picture_has_no_face(shared_models: Path) -> None:
    network = FaceNetwork(shared_models / YUNET)
    assert network.find(np.full((180, 320, 3), 120, np.uint8)).shape == (0, 14)


def test_a_network_for_something_else_is_refused() -> None:
    """The voice detector is an ONNX file as well."""
    import faster_whisper

    (silero,) = Path(faster_whisper.__file__).parent.glob("assets/silero_vad*.onnx")
    with pytest.raises(EngineUnavailable, match=r"not a YuNet .* models pull yunet"):
        FaceNetwork(silero)

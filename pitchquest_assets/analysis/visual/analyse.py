"""What was seen: face presence, framing, facing the camera, smiles, movement, picture quality.

The sampled pictures are seconds apart, so anything between two samples goes unseen, and camera
shake or single gestures cannot be measured. "Facing the camera" means that the head is turned to
it, not that the eyes look into it. A smile is a mouth wider than the resting mouth in the same
video; a grimace can look the same, and several speakers share one resting mouth.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pitchquest_assets.analysis.curves import known
from pitchquest_assets.analysis.visual.events import find_events
from pitchquest_assets.analysis.visual.faces import one_thread, open_detector
from pitchquest_assets.analysis.visual.observations import Observation, observe
from pitchquest_assets.analysis.visual.scene import OPENING_SHARE, Scene, is_facing
from pitchquest_assets.analysis.visual.scores import body_language, score_all
from pitchquest_assets.media.sampling import iter_frames
from pitchquest_assets.model import Event, Frames, Measurement, Series, VisualAnalysis

MISSING_MODEL_REASON = (
    "the YuNet face model is not here: run `pitchquest models pull yunet`, or put a "
    "face_detection_yunet*.onnx file into the folder that PITCHQUEST_MODELS names"
)
SHAKE_REASON = "the sampled pictures are too far apart in time to see shake"
MAX_NOTABLE_FRAMES = 6


def analyse_visual(
    frames: Frames,
    *,
    yunet_model: Path | None,
    missing_model_reason: str = MISSING_MODEL_REASON,
) -> VisualAnalysis:
    """Measure and score the sampled pictures; what cannot be measured is null with a reason.

    Args:
        frames: the sampled pictures; if there are none, everything is null with `frames.reason`.
        yunet_model: a `face_detection_yunet*.onnx` file. Without it, OpenCV's Haar cascade finds
            faces, and whatever needs landmarks is null with `missing_model_reason`.

    Raises:
        EngineUnavailable: the model file cannot be loaded.
    """
    if not frames.frames:
        scene = Scene([], no_landmarks=None, no_pictures=frames.reason)
        return _analysis(scene, None, frames.warnings)
    detector = open_detector(yunet_model)
    with one_thread():
        observations, unreadable = observe(iter_frames(frames), detector)
    warnings = [f"{len(unreadable)} of the sampled pictures cannot be read"] if unreadable else []
    no_landmarks = None if detector.has_landmarks else missing_model_reason
    scene = Scene(observations, no_landmarks)
    return _analysis(scene, detector.name, [*frames.warnings, *warnings])


def _analysis(scene: Scene, detector: str | None, warnings: Sequence[str]) -> VisualAnalysis:
    measurements = _measure(scene)
    scores = score_all(scene, measurements)
    events = find_events(scene)
    return VisualAnalysis(
        body_language_score=body_language(scores),
        detector=detector,
        frames_analyzed=len(scene.observations),
        measurements=measurements,
        scores=scores,
        events=events,
        timeline=_timeline(scene),
        notable_frames=_notable_frames(scene, events),
        warnings=list(warnings),
    )


def _measure(scene: Scene) -> dict[str, Measurement]:
    return _measure_face(scene) | _measure_movement(scene) | _measure_picture(scene)


def _measure_face(scene: Scene) -> dict[str, Measurement]:
    no_faces, no_pose, no_smiles = scene.no_faces, scene.no_pose, scene.no_smiles
    faces = scene.faces
    facing = len(scene.facing) / max(1, len(scene.posed))
    few_here = "too few pictures there face the camera"
    opening = None if no_smiles else scene.smile_share(0, OPENING_SHARE)
    closing = None if no_smiles else scene.smile_share(1 - OPENING_SHARE, 1)
    smiling = "share of the pictures facing the camera"
    return {
        "face_presence": known(
            scene.presence, "share of the pictures", scene.no_presence, "at least 0.9"
        ),
        "camera_facing_share": known(facing, "share of the pictures with a face", no_pose),
        "face_height": known(
            _median([one.face_height for one in faces]),
            "share of the picture's height",
            no_faces,
            "0.2–0.5",
        ),
        "face_offset_x": known(
            _median([one.face_x - 0.5 for one in faces if one.face_x is not None]),
            "share of the picture's width to the right of its middle",
            no_faces,
            "-0.17–0.17",
        ),
        "face_offset_y": known(
            _median([one.face_y - 0.5 for one in faces if one.face_y is not None]),
            "share of the picture's height below its middle",
            no_faces,
            "-0.25–0.05",
        ),
        "smile_share": known(len(scene.smiling) / max(1, len(scene.facing)), smiling, no_smiles),
        "smile_share_at_start": known(opening, smiling, no_smiles or _unless(opening, few_here)),
        "smile_share_at_end": known(closing, smiling, no_smiles or _unless(closing, few_here)),
    }


def _measure_movement(scene: Scene) -> dict[str, Measurement]:
    """How much neighbouring pictures differ; pairs across a cut are left out."""
    apart = f"between pictures {scene.spacing_seconds:.1f} s apart"
    return {
        "sway": known(_mean(scene.shifts), f"face widths {apart}", scene.no_shifts),
        "movement": known(
            _mean(scene.changes),
            f"share of the pixels below the face that change {apart}",
            scene.no_changes,
        ),
        "cuts": known(
            sum(one.cut for one in scene.observations), "other shots or screens", scene.no_presence
        ),
        "shake": known(None, "px", scene.no_presence or SHAKE_REASON),
    }


def _measure_picture(scene: Scene) -> dict[str, Measurement]:
    """Medians over the pictures; sharpness is that of the face if there is one."""
    seen, reason = scene.observations, scene.no_presence
    sharp = [one.sharpness for one in scene.faces or seen]
    return {
        "sharpness": known(_median(sharp), "variance of the Laplacian", reason, "above 40"),
        "brightness": known(_median([one.brightness for one in seen]), "share of white", reason),
        "contrast": known(
            _median([one.contrast for one in seen]),
            "share of full scale (SD of luma)",
            reason,
            "above 0.12",
        ),
        "clipped_share": known(
            _median([one.clipped for one in seen]),
            "share of the pixels, pure black or white",
            reason,
        ),
    }


def _timeline(scene: Scene) -> dict[str, Series]:
    seen = scene.observations
    if not seen:
        return {}
    timeline = {
        "face": _series(seen, "1 where there is a face", [float(one.has_face) for one in seen]),
        "face_height": _series(
            seen, "share of the picture's height", [one.face_height for one in seen]
        ),
        "brightness": _series(seen, "share of white", [one.brightness for one in seen]),
    }
    if scene.no_landmarks is None:
        facing = [is_facing(one) for one in seen]
        timeline["camera_facing"] = _series(
            seen,
            "1 where the head is turned to the camera",
            [None if one is None else float(one) for one in facing],
        )
    return timeline


def _series(seen: Sequence[Observation], unit: str, values: Sequence[float | None]) -> Series:
    return Series(
        unit=unit,
        times_seconds=[round(one.time_seconds, 3) for one in seen],
        values=[None if value is None else round(value, 4) for value in values],
    )


def _notable_frames(scene: Scene, events: Sequence[Event]) -> list[str]:
    """Names of pictures worth showing: the best, the widest smile, the first of each event."""
    best = max(scene.facing or scene.faces, key=_showing, default=None)
    names = [best.name] if best else []
    if scene.smiling:
        names.append(max(scene.smiling, key=lambda one: one.mouth_width or 0).name)
    shown = set()
    for event in events:
        if event.kind not in shown:
            shown.add(event.kind)
            names += [
                one.name for one in scene.observations if one.time_seconds == event.start_seconds
            ]
    return list(dict.fromkeys(names))[:MAX_NOTABLE_FRAMES]


def _showing(one: Observation) -> float:
    """How well a picture shows the speaker: sharp, and turned to the camera."""
    turn = max(abs(one.yaw_degrees or 0), abs(one.pitch_degrees or 0))
    return one.sharpness / (1 + turn)


def _unless(value: float | None, reason: str) -> str | None:
    return reason if value is None else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None

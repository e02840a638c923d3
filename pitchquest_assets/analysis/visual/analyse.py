"""What was seen: face presence, framing, facing the camera, smiles, movement, picture quality.

The sampled pictures are seconds apart, so anything between two samples goes unseen, and camera
shake or single gestures cannot be measured. "Facing the camera" means that the head is turned to
it, not that the eyes look into it. A smile is a mouth wider than the resting mouth in the same
video that shows teeth, or is much wider; a grimace can look the same, and several speakers share
one resting mouth. docs/measurements.md has definitions, references and errors.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from pitchquest_assets.analysis.curves import known
from pitchquest_assets.analysis.visual.events import find_events
from pitchquest_assets.analysis.visual.faces import one_thread, open_detector
from pitchquest_assets.analysis.visual.observations import Observation, observe
from pitchquest_assets.analysis.visual.scene import (
    OPENING_SHARE,
    Scene,
    is_facing,
    median_over_time,
    share,
)
from pitchquest_assets.analysis.visual.scores import body_language, score_all
from pitchquest_assets.media.sampling import iter_frames
from pitchquest_assets.model import Event, Frames, Measurement, Series, VisualAnalysis

MISSING_MODEL_REASON = (
    "the YuNet face model is not here: run `pitchquest models pull yunet`, or put a "
    "face_detection_yunet*.onnx file into the folder that PITCHQUEST_MODELS names"
)
SHAKE_REASON = "the sampled pictures are too far apart in time to see shake"
MAX_NOTABLE_FRAMES = 6
# Name, attribute of `Quality`, unit, what is usual.
QUALITY_MEASUREMENTS = (
    ("face_resolution", "resolution_px", "px from forehead to chin, or blocks", "above 100"),
    ("face_detail", "detail", "energy of fine over coarse gradients", "above 2.4"),
    ("noise", "noise", "luma levels of 255 (SD)", "below 3"),
    ("blocking", "blocking", "steps at the edges of blocks over those within", "below 1.6"),
    ("face_light", "light", "share of white in the brighter parts of the face", "above 0.35"),
    ("backlight", "backlight", "stops by which the background is brighter", "below 3"),
)


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
        observations, unreadable = observe(iter_frames(frames), detector, frames.spacing_seconds)
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
    few_here = "too few pictures there face the camera"
    opening = None if no_smiles else scene.smile_share(0, OPENING_SHARE)
    closing = None if no_smiles else scene.smile_share(1 - OPENING_SHARE, 1)
    smiling = "share of the time facing the camera"
    time = "share of the time"
    return {
        "face_presence": known(scene.presence, time, scene.no_presence, "at least 0.9"),
        "slides_share": known(scene.slides_share, time, scene.no_presence),
        "camera_facing_share": known(
            share(scene.facing, scene.posed), "share of the time with a face", no_pose
        ),
        "face_height": known(
            median_over_time(faces, lambda one: one.face_height),
            "share of the picture's height",
            no_faces,
            "0.2–0.5",
        ),
        "face_offset_x": known(
            median_over_time(faces, lambda one: _less(one.centre_x, 0.5)),
            "share of the picture's width to the right of its middle",
            no_faces,
            "-0.17–0.17",
        ),
        "face_offset_y": known(
            median_over_time(faces, lambda one: _less(one.face_y, 0.5)),
            "share of the picture's height below its middle",
            no_faces,
            "-0.25–0.05",
        ),
        "head_room": known(
            median_over_time(faces, lambda one: one.room),
            "face heights from the head to the nearest edge",
            no_faces,
            "above 0.05",
        ),
        "smile_share": known(share(scene.smiling, scene.facing), smiling, no_smiles),
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
    """Medians over time; sharpness is that of the face if there is one."""
    seen, reason = scene.observations, scene.no_presence
    measured = {
        name: known(
            median_over_time(scene.faces, partial(_quality_of, name=field)),
            unit,
            scene.no_faces,
            reference,
        )
        for name, field, unit, reference in QUALITY_MEASUREMENTS
    }
    return measured | {
        "sharpness": known(
            median_over_time(scene.faces or seen, lambda one: one.sharpness),
            "variance of the Laplacian",
            reason,
            "above 40",
        ),
        "brightness": known(
            median_over_time(seen, lambda one: one.brightness), "share of white", reason
        ),
        "contrast": known(
            median_over_time(seen, lambda one: one.contrast),
            "share of full scale (SD of luma)",
            reason,
            "above 0.12",
        ),
        "clipped_share": known(
            median_over_time(seen, lambda one: one.clipped),
            "share of the pixels, pure black or white",
            reason,
        ),
    }


def _quality_of(one: Observation, name: str) -> float | None:
    return None if one.quality is None else float(getattr(one.quality, name))


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


def _less(value: float | None, subtrahend: float) -> float | None:
    return None if value is None else value - subtrahend


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None

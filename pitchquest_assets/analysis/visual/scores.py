"""Sub-scores 0–10 from what the pictures show.

The anchors are our own choice (the literature gives directions, no validated thresholds): a face
for at least 0.9 of the time is good, facing the camera helps, medium smiling and movement are best.
If there is hardly ever a face, all scores are withheld: picture quality alone would stand for the
whole visual part.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pitchquest_assets.analysis.curves import Anchors, interpolate, score_of
from pitchquest_assets.analysis.visual.observations import Observation
from pitchquest_assets.analysis.visual.scene import Scene, is_facing
from pitchquest_assets.analysis.windows import typical_time
from pitchquest_assets.model import Measurement, Score

PRESENCE_ANCHORS: Anchors = ((0.6, 4), (0.8, 6.5), (0.9, 8.5), (1.0, 10))
# Height of the face, share of the picture's height.
FACE_HEIGHT_ANCHORS: Anchors = (
    (0.03, 1),
    (0.10, 5),
    (0.20, 10),
    (0.50, 10),
    (0.65, 7),
    (0.85, 4),
    (1, 2),
)
# Distance of the face from the middle, share of the picture's width.
OFFSET_X_ANCHORS: Anchors = ((0.17, 10), (0.25, 6), (0.40, 2))
# Height of the face's middle in the picture, 0 at the top.
FACE_Y_ANCHORS: Anchors = ((0.10, 3), (0.25, 10), (0.55, 10), (0.65, 6), (0.85, 2))
FACING_ANCHORS: Anchors = ((0.1, 1), (0.4, 5), (0.7, 8), (0.9, 10))
SMILE_ANCHORS: Anchors = ((0, 4), (0.05, 6), (0.15, 9), (0.25, 10), (0.6, 10), (0.8, 8), (1, 6))
SWAY_ANCHORS: Anchors = ((0, 5), (0.03, 7), (0.08, 10), (0.35, 10), (0.7, 6), (1.5, 2))
MOVEMENT_ANCHORS: Anchors = ((0, 4), (0.02, 6), (0.08, 10), (0.40, 10), (0.65, 6), (1, 3))
SHARPNESS_ANCHORS: Anchors = ((3, 0), (8, 3), (15, 5), (40, 8), (80, 10))
BRIGHT_LEVEL_ANCHORS: Anchors = ((0.10, 0), (0.35, 4), (0.50, 8), (0.60, 10))
FACE_CLIPPED_ANCHORS: Anchors = ((0.01, 10), (0.05, 7), (0.10, 4), (0.40, 0))
CONTRAST_ANCHORS: Anchors = ((0.03, 0), (0.07, 4), (0.12, 8), (0.15, 10))

POSTURE_REASON = "needs a vision judge: see PITCHQUEST_VISION_JUDGE"
# Not what the speaker does in front of the camera, so not part of body language.
NOT_BODY_LANGUAGE = ("picture_quality", "posture")


def score_all(scene: Scene, measured: Mapping[str, Measurement]) -> dict[str, Score]:
    """Return the sub-scores 0–10 by name; all null, with one reason, if there are too few faces."""
    posture = Score(value=None, reason=POSTURE_REASON)
    if scene.withheld:
        names = ("presence", "framing", "camera_facing", "expression", "movement")
        withheld = Score(value=None, reason=scene.withheld)
        return dict.fromkeys((*names, "picture_quality"), withheld) | {"posture": posture}
    facing = measured["camera_facing_share"]
    smile = measured["smile_share"]
    scores = {
        "presence": Score(
            value=interpolate(scene.presence, PRESENCE_ANCHORS),
            basis=f"a face in {scene.presence:.0%} of {len(scene.observations)} pictures",
        ),
        "framing": _framing(scene),
        "camera_facing": score_of(
            facing,
            FACING_ANCHORS,
            "head turned to the camera in {:.0%} of the pictures with a face",
        ),
        "expression": score_of(
            smile, SMILE_ANCHORS, "a smile in {:.0%} of the pictures facing the camera"
        ),
        "movement": _movement(measured["sway"], measured["movement"]),
        "picture_quality": _picture_quality(scene),
    }
    typical = _typical_times(scene)
    timed = {
        name: score.model_copy(
            update={"time_seconds": None if score.value is None else typical[name]}
        )
        for name, score in scores.items()
    }
    return timed | {"posture": posture}


def _typical_times(scene: Scene) -> dict[str, float | None]:
    """For each sub-score, the time of the picture most like the whole video; the widest smile."""
    smile = max(scene.smiling, key=lambda one: one.mouth_width or 0, default=None)
    facing = len(scene.facing) / max(1, len(scene.posed))
    return {
        "presence": _typical(scene.observations, lambda one: float(one.has_face), scene.presence),
        "framing": _typical(scene.faces, _framing_of, _framing(scene).value),
        "camera_facing": _typical(scene.posed, lambda one: float(is_facing(one) or 0), facing),
        "expression": None if smile is None else round(smile.time_seconds, 2),
        "movement": _typical_movement(scene),
        "picture_quality": _typical(
            scene.faces,
            lambda one: one.sharpness,
            float(np.median([one.sharpness for one in scene.faces])),
        ),
    }


def _typical_movement(scene: Scene) -> float | None:
    if scene.no_shifts is None:
        return _typical(scene.observations, lambda one: one.shift, float(np.mean(scene.shifts)))
    if scene.no_changes is None:
        return _typical(scene.observations, lambda one: one.changed, float(np.mean(scene.changes)))
    return None


def _typical(
    seen: Sequence[Observation],
    value_of: Callable[[Observation], float | None],
    overall: float | None,
) -> float | None:
    return typical_time([one.time_seconds for one in seen], map(value_of, seen), overall)


def body_language(scores: Mapping[str, Score]) -> float | None:
    """Return the mean of the known sub-scores, 0–10, without picture quality; None without any."""
    values = [
        score.value
        for name, score in scores.items()
        if name not in NOT_BODY_LANGUAGE and score.value is not None
    ]
    return round(sum(values) / len(values), 1) if values else None


def _framing(scene: Scene) -> Score:
    """The mean over the pictures of size and place; a place is as good as its worse axis."""
    scores = [value for value in map(_framing_of, scene.faces) if value is not None]
    height = np.median([one.face_height for one in scene.faces])
    offset = np.median([abs((one.face_x or 0) - 0.5) for one in scene.faces])
    return Score(
        value=round(float(np.mean(scores)), 1),
        basis=f"the face takes {height:.0%} of the picture's height and is {offset:.0%} of its "
        "width from the middle",
    )


def _framing_of(one: Observation) -> float | None:
    if one.face_height is None or one.face_x is None or one.face_y is None:
        return None
    place = min(
        interpolate(abs(one.face_x - 0.5), OFFSET_X_ANCHORS),
        interpolate(one.face_y, FACE_Y_ANCHORS),
    )
    return (interpolate(one.face_height, FACE_HEIGHT_ANCHORS) + place) / 2


def _movement(sway: Measurement, movement: Measurement) -> Score:
    """The mean of the head's sway and the change below the face, as far as they are known."""
    scores, words = [], []
    if sway.value is not None:
        scores.append(interpolate(sway.value, SWAY_ANCHORS))
        words.append(f"the head moves {sway.value:.2f} face widths")
    if movement.value is not None:
        scores.append(interpolate(movement.value, MOVEMENT_ANCHORS))
        words.append(f"{movement.value:.0%} of the picture below the face changes")
    if not scores:
        return Score(value=None, reason=sway.reason)
    return Score(
        value=round(sum(scores) / len(scores), 1),
        basis=" and ".join(words) + " between neighbouring pictures",
    )


def _picture_quality(scene: Scene) -> Score:
    """The weakest of sharpness, light and contrast in the pictures with a face (medians)."""
    faces = scene.faces
    sharpness = float(np.median([one.sharpness for one in faces]))
    level = float(np.median([one.bright_level for one in faces]))
    clipped = float(np.median([one.face_clipped or 0 for one in faces]))
    contrast = float(np.median([one.contrast for one in faces]))
    judged = {
        f"sharpness {sharpness:.0f}": interpolate(sharpness, SHARPNESS_ANCHORS),
        f"the brightest parts at {level:.0%} of white": interpolate(level, BRIGHT_LEVEL_ANCHORS),
        f"{clipped:.0%} of the face pure white": interpolate(clipped, FACE_CLIPPED_ANCHORS),
        f"contrast {contrast:.0%} of full scale": interpolate(contrast, CONTRAST_ANCHORS),
    }
    weakest = min(judged, key=lambda name: judged[name])
    return Score(value=judged[weakest], basis=f"weakest point: {weakest}")

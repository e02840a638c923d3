"""Sub-scores 0–10 from what the pictures show.

The anchors are our own choice (the literature gives directions, no validated thresholds): a face
for at least 0.9 of the time is good, facing the camera helps, medium smiling and movement are best.
If there is hardly ever a face, all scores are withheld: picture quality alone would stand for the
whole visual part. No face is expected on slides, so each score says which share of the time it is
about.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pitchquest_assets.analysis.curves import Anchors, interpolate, score_of
from pitchquest_assets.analysis.visual.events import CUT_OFF_ROOM
from pitchquest_assets.analysis.visual.observations import Observation
from pitchquest_assets.analysis.visual.scene import Scene, is_facing, median_over_time, share
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
# Its width, share of the picture's width, which is what fills an upright picture.
FACE_WIDTH_ANCHORS: Anchors = ((0.50, 10), (0.65, 7), (0.85, 4), (1, 2))
# Distance of the face from the middle, share of the picture's width.
OFFSET_X_ANCHORS: Anchors = ((0.17, 10), (0.25, 6), (0.40, 2))
# Height of the face's middle in the picture, 0 at the top.
FACE_Y_ANCHORS: Anchors = ((0.10, 3), (0.25, 10), (0.55, 10), (0.65, 6), (0.85, 2))
FACING_ANCHORS: Anchors = ((0.1, 1), (0.4, 5), (0.7, 8), (0.9, 10))
SMILE_ANCHORS: Anchors = ((0, 4), (0.05, 6), (0.15, 9), (0.25, 10), (0.6, 10), (0.8, 8), (1, 6))
SWAY_ANCHORS: Anchors = ((0, 5), (0.03, 7), (0.08, 10), (0.35, 10), (0.7, 6), (1.5, 2))
MOVEMENT_ANCHORS: Anchors = ((0, 4), (0.02, 6), (0.08, 10), (0.40, 10), (0.65, 6), (1, 3))
# Room from the head to the nearest edge of the picture, in face heights.
ROOM_ANCHORS: Anchors = ((-0.45, 0), (-0.25, 2), (-0.15, 5), (-0.05, 8), (0.05, 10))
# Picture quality: chosen on 8 pictures and checked on 6 others by benchmarks/picture.py.
RESOLUTION_PX_ANCHORS: Anchors = ((12, 0), (30, 2.5), (60, 5.5), (100, 8.5), (160, 10))
DETAIL_ANCHORS: Anchors = ((1.4, 0), (1.8, 2), (2.1, 5), (2.4, 8), (2.6, 9.3), (2.85, 10))
NOISE_ANCHORS: Anchors = ((0.3, 10), (0.7, 9.3), (3, 7.5), (6, 5.5), (12, 3.5), (22, 1.5), (40, 0))
BLOCKING_ANCHORS: Anchors = (
    (1.6, 10),
    (1.9, 8),
    (2.2, 6.5),
    (2.8, 4.5),
    (4, 2.5),
    (6, 1),
    (9, 0.3),
)
# Dark skin in good light is at 0.35 to 0.45.
FACE_LIGHT_ANCHORS: Anchors = ((0.05, 0), (0.12, 2), (0.22, 6), (0.35, 9), (0.45, 10))
BACKLIGHT_STOPS_ANCHORS: Anchors = ((1.5, 10), (3, 8), (5, 3), (7, 0))
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
        "presence": _presence(scene),
        "framing": _framing(scene),
        "camera_facing": score_of(
            facing,
            FACING_ANCHORS,
            "head turned to the camera for {:.0%} of the time with a face",
        ),
        "expression": score_of(
            smile, SMILE_ANCHORS, "a smile for {:.0%} of the time facing the camera"
        ),
        "movement": _movement(measured["sway"], measured["movement"]),
        "picture_quality": picture_quality(scene),
    }
    typical = _typical_times(scene)
    timed = {
        name: score.model_copy(
            update={
                "time_seconds": None if score.value is None else typical[name],
                "covers": round(1 - scene.slides_share, 4),
            }
        )
        for name, score in scores.items()
    }
    return timed | {"posture": posture}


def _typical_times(scene: Scene) -> dict[str, float | None]:
    """For each sub-score, the time of the picture most like the whole video; the widest smile."""
    smile = max(scene.smiling, key=lambda one: one.mouth_width or 0, default=None)
    facing = share(scene.facing, scene.posed)
    return {
        "presence": _typical(
            scene.without_slides,
            lambda one: float(one.has_face),
            scene.presence_without_slides,
        ),
        "framing": _typical(scene.faces, _framing_of, _framing(scene).value),
        "camera_facing": _typical(scene.posed, lambda one: float(is_facing(one) or 0), facing),
        "expression": None if smile is None else round(smile.time_seconds, 2),
        "movement": _typical_movement(scene),
        "picture_quality": _typical(scene.faces, _detail, median_over_time(scene.faces, _detail)),
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


def _presence(scene: Scene) -> Score:
    """How much of the time without slides shows a face."""
    presence = scene.presence_without_slides
    slides = f"; slides for {scene.slides_share:.0%}" if scene.slides_share else ""
    of = "the time without slides" if slides else "the time"
    return Score(
        value=interpolate(presence, PRESENCE_ANCHORS),
        basis=f"a face for {presence:.0%} of {of}{slides}",
    )


def _framing(scene: Scene) -> Score:
    """The mean over time of size and place; no better than the room around the head."""
    scores = [(value, one.cells) for one in scene.faces if (value := _framing_of(one)) is not None]
    values, cells = zip(*scores, strict=True)
    height = median_over_time(scene.faces, lambda one: one.face_height) or 0
    offset = median_over_time(scene.faces, lambda one: abs((one.centre_x or 0) - 0.5)) or 0
    room = median_over_time(scene.faces, lambda one: one.room)
    cut = "; the head is cut off by the edge" if room is not None and room < CUT_OFF_ROOM else ""
    return Score(
        value=round(float(np.average(values, weights=cells)), 1),
        basis=f"the face takes {height:.0%} of the picture's height and is {offset:.0%} of its "
        f"width from the middle{cut}",
    )


def _framing_of(one: Observation) -> float | None:
    if one.face_height is None or one.face_x is None or one.face_y is None:
        return None
    place = min(
        interpolate(abs((one.centre_x or one.face_x) - 0.5), OFFSET_X_ANCHORS),
        interpolate(one.face_y, FACE_Y_ANCHORS),
    )
    size = min(
        interpolate(one.face_height, FACE_HEIGHT_ANCHORS),
        interpolate(one.face_width or 0, FACE_WIDTH_ANCHORS),
    )
    size_and_place = (size + place) / 2
    return min(size_and_place, interpolate(one.room or 0, ROOM_ANCHORS))


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


def _detail(one: Observation) -> float | None:
    return one.quality.detail if one.quality else None


def picture_quality(scene: Scene) -> Score:
    """Score what is left of ten when each fault takes its share (medians over time with a face)."""
    faces = scene.faces
    judged = {}
    for value_of, anchors, words in QUALITY_PARTS:
        value = median_over_time(faces, value_of)
        if value is not None:
            judged[words.format(value)] = interpolate(value, anchors)
    weakest = min(judged, key=lambda name: judged[name])
    left = 10 * math.prod(value / 10 for value in judged.values())
    return Score(value=round(left, 1), basis=f"weakest point: {weakest}")


def _of_quality(name: str) -> Callable[[Observation], float | None]:
    return lambda one: getattr(one.quality, name) if one.quality else None


QUALITY_PARTS: tuple[tuple[Callable[[Observation], float | None], Anchors, str], ...] = (
    (_of_quality("resolution_px"), RESOLUTION_PX_ANCHORS, "a face of {:.0f} px"),
    (_of_quality("detail"), DETAIL_ANCHORS, "detail {:.1f}"),
    (_of_quality("noise"), NOISE_ANCHORS, "noise of {:.1f} luma levels"),
    (_of_quality("blocking"), BLOCKING_ANCHORS, "blocks that stand out {:.1f} times"),
    (_of_quality("light"), FACE_LIGHT_ANCHORS, "the brighter parts of the face at {:.0%} of white"),
    (
        _of_quality("backlight"),
        BACKLIGHT_STOPS_ANCHORS,
        "a background {:.1f} stops brighter than the face",
    ),
    (lambda one: one.face_clipped, FACE_CLIPPED_ANCHORS, "{:.0%} of the face pure white"),
    (lambda one: one.contrast, CONTRAST_ANCHORS, "contrast {:.0%} of full scale"),
)

"""What each sampled picture shows, and what changed since the previous one.

All pictures are looked at first, of which small grey copies and the figures of each face are kept;
then the speaker is chosen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pitchquest_assets.analysis.visual.faces import (
    MIN_JUDGED_HEIGHT_PX,
    Face,
    FaceDetector,
)
from pitchquest_assets.analysis.visual.quality import Quality
from pitchquest_assets.analysis.visual.sights import Sight, look_at, same_shot
from pitchquest_assets.analysis.visual.speaker import choose_speaker
from pitchquest_assets.model import Frame

# A pixel has changed if its luma differs by more than noise and compression would cause.
CHANGED_LUMA = 20
# The area below the face: this many face widths, and at least this share of the picture's height.
BODY_FACE_WIDTHS = 3.0
MIN_BODY_HEIGHT_SHARE = 0.15
# How far the head goes beyond the box of the face, in its heights: hair above, ears and chin.
HAIR_FACE_HEIGHTS = 0.15
EAR_FACE_HEIGHTS = 0.10
FACE_WIDTH_TO_HEIGHT = 0.75


@dataclass(frozen=True)
class Observation:
    """What one picture shows; lengths are shares of its width or height, luma a share of white.

    If there are several people, "the face" is the speaker's, and `centre_x` the middle of all.
    """

    time_seconds: float
    name: str
    face_height: float | None
    face_width: float | None
    face_x: float | None
    face_y: float | None
    yaw_degrees: float | None
    pitch_degrees: float | None
    mouth_width: float | None
    sharpness: float
    brightness: float
    bright_level: float
    contrast: float
    clipped: float
    face_clipped: float | None
    cut: bool = False
    shift: float | None = None
    changed: float | None = None
    cells: int = 1
    last_seconds: float | None = None
    centre_x: float | None = None
    mouth_error: float | None = None
    teeth: float | None = None
    quality: Quality | None = None
    slide: bool = False
    too_small: bool = False

    @property
    def has_face(self) -> bool:
        """Whether a face was found."""
        return self.face_height is not None

    @property
    def until_seconds(self) -> float:
        """When the picture was seen for the last time."""
        return self.time_seconds if self.last_seconds is None else self.last_seconds

    @property
    def room(self) -> float | None:
        """The room from the head to the nearest edge, in face heights; below 0 it is cut off."""
        if (
            self.face_height is None
            or self.face_width is None
            or self.face_x is None
            or self.face_y is None
        ):
            return None
        above = self.face_y / self.face_height - 0.5 - HAIR_FACE_HEIGHTS
        below = (1 - self.face_y) / self.face_height - 0.5 - EAR_FACE_HEIGHTS
        beside = min(self.face_x, 1 - self.face_x) / self.face_width - 0.5
        return min(above, below, beside * FACE_WIDTH_TO_HEIGHT - EAR_FACE_HEIGHTS)


def observe(
    pictures: Iterable[tuple[Frame, bytes]], detector: FaceDetector, spacing_seconds: float = 1.0
) -> tuple[list[Observation], list[str]]:
    """Return an observation for each readable JPEG, and the names of the unreadable ones.

    Args:
        spacing_seconds: the length of a cell, see `Frame.cells`.
    """
    import cv2

    sights: list[Sight] = []
    unreadable: list[str] = []
    for frame, jpeg in pictures:
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
        if decoded is None:
            unreadable.append(frame.name)
        else:
            sights.append(look_at(frame, np.asarray(decoded, np.uint8), detector))
    cuts = [False, *(not same_shot(one, other) for one, other in pairwise(sights))][: len(sights)]
    cells = [sight.frame.cells for sight in sights]
    faces = choose_speaker([sight.faces for sight in sights], cuts, cells)
    observations: list[Observation] = []
    for index, (sight, face, cut) in enumerate(zip(sights, faces, cuts, strict=True)):
        before = None if cut or index == 0 else sights[index - 1]
        neighbour = None if before is None else (before, faces[index - 1])
        observations.append(_observation(sight, face, cut, neighbour, spacing_seconds))
    return observations, unreadable


def _observation(
    sight: Sight,
    face: Face | None,
    cut: bool,
    before: tuple[Sight, Face | None] | None,
    spacing_seconds: float,
) -> Observation:
    height, width = sight.height_px, sight.width_px
    look = sight.looks[sight.faces.index(face)] if face else None
    x, y = face.centre_px if face else (None, None)
    left = min((one.left_px for one in sight.faces), default=0.0)
    right = max((one.left_px + one.width_px for one in sight.faces), default=0.0)
    return Observation(
        time_seconds=sight.frame.time_seconds,
        name=sight.frame.name,
        face_height=face.height_px / height if face else None,
        face_width=face.width_px / width if face else None,
        face_x=x / width if x is not None else None,
        face_y=y / height if y is not None else None,
        yaw_degrees=face.yaw_degrees if face else None,
        pitch_degrees=face.pitch_degrees if face else None,
        mouth_width=face.mouth_width if face else None,
        sharpness=look.sharpness if look else sight.sharpness,
        brightness=sight.brightness,
        bright_level=sight.bright_level,
        contrast=sight.contrast,
        clipped=sight.clipped,
        face_clipped=look.clipped if look else None,
        cut=cut,
        shift=_shift(before and before[1], face),
        changed=_changed(before, sight, face),
        cells=sight.frame.cells,
        last_seconds=sight.frame.time_seconds + (sight.frame.cells - 1) * spacing_seconds,
        centre_x=(left + right) / 2 / width if face else None,
        mouth_error=face.mouth_error if face else None,
        teeth=face.teeth if face else None,
        quality=look.quality if look else None,
        slide=sight.slide,
        too_small=face is not None and face.height_px < MIN_JUDGED_HEIGHT_PX,
    )


def _shift(before: Face | None, now: Face | None) -> float | None:
    """How far the face moved since the previous sample, in face widths."""
    if before is None or now is None:
        return None
    width = (before.width_px + now.width_px) / 2
    (x0, y0), (x1, y1) = before.centre_px, now.centre_px
    return float(np.hypot(x1 - x0, y1 - y0)) / width


def _changed(
    neighbour: tuple[Sight, Face | None] | None, sight: Sight, face: Face | None
) -> float | None:
    """The share of pixels below the face that changed; None if too little is visible below it."""
    before, earlier = neighbour or (None, None)
    if before is None or earlier is None or face is None:
        return None
    if before.luma.shape != sight.luma.shape:
        return None
    height, width = sight.luma.shape
    chin = int(max(one.top_px + one.height_px for one in (earlier, face)) * sight.scale)
    if height - chin < MIN_BODY_HEIGHT_SHARE * height:
        return None
    reach = BODY_FACE_WIDTHS / 2 * face.width_px * sight.scale
    middle = face.centre_px[0] * sight.scale
    left, right = max(0, int(middle - reach)), min(width, int(middle + reach) + 1)
    difference = (sight.luma - before.luma)[chin:, left:right]
    # A change of exposure changes all pixels alike, which is not movement.
    difference = difference - np.median(difference)
    return float((np.abs(difference) > CHANGED_LUMA).mean())

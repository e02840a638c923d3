"""All pictures of one video: how long the speaker faces the camera, smiles, moves.

A share is one of time: each picture counts for as many equal parts of the video as it is on show.

For each question there is a reason why it has no answer (`no_faces`, `no_pose`, …), or None.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat

import numpy as np

from pitchquest_assets.analysis.visual.observations import Observation

# With fewer pictures than this, a share says little; one on show for as many parts is enough.
MIN_PICTURES = 5
# Nothing visual is scored if a face is there for less than this share of the time without slides.
MIN_FACE_PRESENCE = 0.6
# A head turned by less than this, sideways or up and down, faces the camera. Our own choice: no
# validated threshold exists (Fauville 2022).
FACING_DEGREES = 20.0
# The width of the resting mouth is this percentile of all widths in the video.
RESTING_MOUTH_PERCENTILE = 20
# A mouth wider than the resting one by the first factor that shows this share of teeth is a smile,
# and one by the second factor. Chosen on two people: a mouth that rests shows 0.00 to 0.06, one
# that speaks up to 0.10, one that smiles 0.14 to 0.41, and 0.07 to 0.18 in a face of 110 px.
TOOTHY_WIDENING, SMILE_TEETH = 1.035, 0.06
SMILE_WIDENING = 1.12
# A mouth moves if the SD of its width is at least so many times the error of measuring it. In the
# test media, it is 2.0 to 4.8 times that for people, and 0.7 times for a photograph.
CLEAR_MOVEMENT = 1.4
# The error is not below this share of the width.
LEAST_MOUTH_ERROR = 0.008
# The share of the video that counts as its start, and as its end.
OPENING_SHARE = 0.15


@dataclass(frozen=True)
class Scene:
    """The observations of one video, in order of time."""

    observations: Sequence[Observation]
    no_landmarks: str | None
    no_pictures: str | None = None

    @cached_property
    def faces(self) -> list[Observation]:
        """The pictures with a face."""
        return [one for one in self.observations if one.has_face]

    @cached_property
    def presence(self) -> float:
        """The share of the time with a face, 0–1."""
        return share(self.faces, self.observations)

    @cached_property
    def without_slides(self) -> list[Observation]:
        """The pictures in which a face is meant to be."""
        return [one for one in self.observations if not one.slide]

    @cached_property
    def slides_share(self) -> float:
        """The share of the time that shows slides or a screen without a face, 0–1."""
        return share([one for one in self.observations if one.slide], self.observations)

    @cached_property
    def presence_without_slides(self) -> float:
        """The share of the time without slides in which there is a face, 0–1."""
        return share(self.faces, self.without_slides)

    @cached_property
    def posed(self) -> list[Observation]:
        """The pictures in which the head's turn could be measured."""
        return [one for one in self.faces if one.yaw_degrees is not None]

    @cached_property
    def facing(self) -> list[Observation]:
        """The pictures in which the head is turned to the camera."""
        return [one for one in self.posed if is_facing(one)]

    @cached_property
    def resting_mouth(self) -> float | None:
        """The speaker's resting mouth width, in distances between the eyes."""
        if self.no_smiles:
            return None
        return float(np.percentile(self._mouths, RESTING_MOUTH_PERCENTILE))

    @cached_property
    def smiling(self) -> list[Observation]:
        """Those of the pictures facing the camera in which the mouth is widened as in a smile."""
        resting = self.resting_mouth
        if resting is None:
            return []
        return [one for one in self.facing if _smiles(one, resting)]

    @cached_property
    def spacing_seconds(self) -> float:
        """The median time between neighbouring pictures."""
        times = [one.time_seconds for one in self.observations]
        return float(np.median(np.diff(times))) if len(times) > 1 else 0.0

    @cached_property
    def shifts(self) -> list[float]:
        """How far the face moved between neighbouring moments of one shot, in face widths."""
        return _between_moments(self.faces, lambda one: one.shift, stays=True)

    @cached_property
    def changes(self) -> list[float]:
        """The shares of pixels below the face that changed between neighbours of one shot."""
        return _between_moments(self.faces, lambda one: one.changed, stays=False)

    @cached_property
    def no_presence(self) -> str | None:
        """Why face presence is unknown."""
        return None if self.observations else self.no_pictures or "no picture could be read"

    @cached_property
    def no_faces(self) -> str | None:
        """Why nothing is known about the face."""
        return self.no_presence or (None if self.faces else "no face was found in any picture")

    @cached_property
    def no_pose(self) -> str | None:
        """Why the head's turn is unknown."""
        unknown = self.no_faces or self.no_landmarks
        few = _too_few(time_of(self.posed), "pictures of a face")
        small = [one for one in self.faces if one.too_small]
        if unknown is None and few and time_of(small) > time_of(self.posed):
            height = median_over_time(small, lambda one: one.face_height) or 0
            return f"the face is too small to judge: {height:.0%} of the picture's height"
        return unknown or few

    @cached_property
    def no_smiles(self) -> str | None:
        """Why smiles are unknown."""
        unknown = self.no_pose or _too_few(time_of(self.facing), "pictures facing the camera")
        if unknown is None and len(self._mouths) < MIN_PICTURES:
            return "the picture of the face stays the same, so a smile cannot be told from none"
        if unknown is None and self.mouth_movement < CLEAR_MOVEMENT * self.mouth_error:
            return (
                f"the width of the mouth varies by {self.mouth_movement:.1%}, which is within the "
                f"error of measuring it ({self.mouth_error:.1%}), so a smile cannot be told from "
                "none"
            )
        return unknown

    @cached_property
    def mouth_movement(self) -> float:
        """The SD of the mouth's width, a share of its mean."""
        return float(np.std(self._mouths) / np.mean(self._mouths))

    @cached_property
    def mouth_error(self) -> float:
        """The error of the mouth's width, a share of it."""
        errors = [one.mouth_error or 0.0 for one in self.facing if one.mouth_width is not None]
        measured = np.sqrt(np.mean(np.square(errors))) / np.mean(self._mouths)
        return float(max(LEAST_MOUTH_ERROR, measured))

    @cached_property
    def no_shifts(self) -> str | None:
        """Why the movement of the face is unknown."""
        return self.no_faces or _too_few(
            len(self.shifts), "pairs of pictures with a face in one shot"
        )

    @cached_property
    def no_changes(self) -> str | None:
        """Why movement below the face is unknown."""
        pairs = "pairs of pictures that show enough below the face"
        return self.no_faces or _too_few(len(self.changes), pairs)

    @cached_property
    def withheld(self) -> str | None:
        """Why nothing visual is scored."""
        few = self.no_faces or _too_few(time_of(self.faces), "pictures of a face")
        if few or self.presence_without_slides >= MIN_FACE_PRESENCE:
            return few
        drawn = " that are no slides" if self.slides_share else ""
        return (
            f"a face is in only {self.presence_without_slides:.0%} of the pictures{drawn}; "
            f"{MIN_FACE_PRESENCE:.0%} are needed for a visual score"
        )

    def smile_share(self, first: float, last: float) -> float | None:
        """Return the share of smiles between two points of the video, 0 its start and 1 its end.

        None if fewer than two pictures there face the camera.
        """
        times = [one.time_seconds for one in self.observations]
        start = times[0] + first * (times[-1] - times[0])
        end = times[0] + last * (times[-1] - times[0])
        within = [one for one in self.facing if start <= one.time_seconds <= end]
        if time_of(within) < 2:
            return None
        smiling = {one.name for one in self.smiling}
        return share([one for one in within if one.name in smiling], within)

    @cached_property
    def _mouths(self) -> list[float]:
        return [one.mouth_width for one in self.facing if one.mouth_width is not None]


def is_facing(one: Observation) -> bool | None:
    """Whether the head (not the eyes) is turned to the camera; None if unknown."""
    if one.yaw_degrees is None or one.pitch_degrees is None:
        return None
    return max(abs(one.yaw_degrees), abs(one.pitch_degrees)) <= FACING_DEGREES


def time_of(observations: Sequence[Observation]) -> int:
    """Return for how many equal parts of the video these pictures are on show."""
    return sum(one.cells for one in observations)


def share(some: Sequence[Observation], of_all: Sequence[Observation]) -> float:
    """Return the share of the time of the second in which the first are on show, 0–1."""
    return time_of(some) / max(1, time_of(of_all))


def median_over_time(
    observations: Sequence[Observation], value_of: Callable[[Observation], float | None]
) -> float | None:
    """Return the median of what is known, each picture counted as long as it is on show."""
    values = [
        value
        for one in observations
        if (value := value_of(one)) is not None
        for _ in range(one.cells)
    ]
    return float(np.median(values)) if values else None


def _smiles(one: Observation, resting: float) -> bool:
    widened = (one.mouth_width or 0) / resting
    toothy = widened >= TOOTHY_WIDENING and (one.teeth or 0) >= SMILE_TEETH
    return toothy or widened >= SMILE_WIDENING


def _between_moments(
    observations: Sequence[Observation],
    value_of: Callable[[Observation], float | None],
    *,
    stays: bool,
) -> list[float]:
    """What changed from moment to moment; while a picture stays on show, nothing does.

    Args:
        stays: the value is known for any picture; else only for those that have one.
    """
    known = [(value_of(one), one.cells - 1) for one in observations]
    return list(
        chain.from_iterable(
            [*([] if value is None else [value]), *repeat(0.0, still)]
            for value, still in known
            if stays or value is not None
        )
    )


def _too_few(count: int, what: str) -> str | None:
    if count >= MIN_PICTURES:
        return None
    return f"too few {what}: {count}, and {MIN_PICTURES} are needed"

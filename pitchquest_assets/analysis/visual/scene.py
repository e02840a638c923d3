"""All pictures of one video: how often the speaker faces the camera, smiles, moves.

For each question there is a reason why it has no answer (`no_faces`, `no_pose`, …), or None.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pitchquest_assets.analysis.visual.observations import Observation

# With fewer pictures than this, a share says little.
MIN_PICTURES = 5
# Nothing visual is scored if a face is in less than this share of the pictures.
MIN_FACE_PRESENCE = 0.6
# A head turned by less than this, sideways or up and down, faces the camera. Our own choice: no
# validated threshold exists (Fauville 2022).
FACING_DEGREES = 20.0
# The width of the resting mouth is this percentile of all widths in the video.
RESTING_MOUTH_PERCENTILE = 20
# A mouth wider than the resting one by this factor is a smile. Chosen on one clip of the test
# media: it finds 18 of 20 smiles, and mistakes 4 of 19 other expressions for one (3 grimaces).
SMILE_WIDENING = 1.09
# In the test media, the SD of a moving mouth's width is 0.027 to 0.070 of its mean; that of a
# photograph is 0.013, the noise of the landmarks.
STILL_MOUTH = 0.02
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
        """The share of pictures with a face, 0–1."""
        return len(self.faces) / max(1, len(self.observations))

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
        return [one for one in self.facing if (one.mouth_width or 0) >= SMILE_WIDENING * resting]

    @cached_property
    def spacing_seconds(self) -> float:
        """The median time between neighbouring pictures."""
        times = [one.time_seconds for one in self.observations]
        return float(np.median(np.diff(times))) if len(times) > 1 else 0.0

    @cached_property
    def shifts(self) -> list[float]:
        """How far the face moved between neighbouring pictures of one shot, in face widths."""
        return [one.shift for one in self.observations if one.shift is not None]

    @cached_property
    def changes(self) -> list[float]:
        """The shares of pixels below the face that changed between neighbours of one shot."""
        return [one.changed for one in self.observations if one.changed is not None]

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
        return self.no_faces or self.no_landmarks or _too_few(len(self.posed), "pictures of a face")

    @cached_property
    def no_smiles(self) -> str | None:
        """Why smiles are unknown."""
        unknown = self.no_pose or _too_few(len(self.facing), "pictures facing the camera")
        if unknown is None and np.std(self._mouths) < STILL_MOUTH * np.mean(self._mouths):
            return "the mouth never changes, so a steady smile looks the same as none"
        return unknown

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
        few = self.no_faces or _too_few(len(self.observations), "pictures")
        if few or self.presence >= MIN_FACE_PRESENCE:
            return few
        return (
            f"a face is in only {self.presence:.0%} of the pictures; "
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
        if len(within) < 2:
            return None
        smiling = {one.name for one in self.smiling}
        return sum(one.name in smiling for one in within) / len(within)

    @cached_property
    def _mouths(self) -> list[float]:
        return [one.mouth_width for one in self.facing if one.mouth_width is not None]


def is_facing(one: Observation) -> bool | None:
    """Whether the head (not the eyes) is turned to the camera; None if unknown."""
    if one.yaw_degrees is None or one.pitch_degrees is None:
        return None
    return max(abs(one.yaw_degrees), abs(one.pitch_degrees)) <= FACING_DEGREES


def _too_few(count: int, what: str) -> str | None:
    if count >= MIN_PICTURES:
        return None
    return f"too few {what}: {count}, and {MIN_PICTURES} are needed"

"""Picks the speaker among several people: the one whose mouth moves, or the largest over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from pitchquest_assets.analysis.visual.faces import Face

# A face belongs to the person whose last face was this near, in face widths, and of a like size.
SAME_PERSON_WIDTHS = 1.0
SAME_PERSON_SIZE = 1.7
# A person who is there for less than this share of a shot is passing by.
MIN_SHARE_OF_SHOT = 0.3
# A mouth moves if it changes this much more than that of anybody else, between at least as many
# pairs of pictures.
CLEARLY_MORE = 1.4
MIN_PAIRS = 3


@dataclass
class _Person:
    """One person's faces within a shot, by the index of the picture."""

    faces: dict[int, Face] = field(default_factory=dict)

    @property
    def last(self) -> Face:
        return self.faces[max(self.faces)]

    def is_like(self, face: Face) -> bool:
        last = self.last
        (x0, y0), (x1, y1) = last.centre_px, face.centre_px
        near = np.hypot(x1 - x0, y1 - y0) <= SAME_PERSON_WIDTHS * last.width_px
        ratio = max(last.height_px, face.height_px) / min(last.height_px, face.height_px)
        return bool(near and ratio <= SAME_PERSON_SIZE)

    def time(self, cells: Sequence[int]) -> int:
        """For how many cells of the video the person is there."""
        return sum(cells[index] for index in self.faces)

    def size(self, cells: Sequence[int]) -> float:
        """The height of the face, summed over time."""
        return sum(face.height_px * cells[index] for index, face in self.faces.items())

    def mouth_movement(self) -> float | None:
        """How much the mouth changes between neighbouring pictures; None if too few show it."""
        patches = [self.faces[index].mouth_patch for index in sorted(self.faces)]
        changes = [
            float(np.abs(one - other).mean())
            for one, other in pairwise(patch for patch in patches if patch is not None)
        ]
        return float(np.median(changes)) if len(changes) >= MIN_PAIRS else None


def choose_speaker(
    pictures: Sequence[Sequence[Face]], cuts: Sequence[bool], cells: Sequence[int]
) -> list[Face | None]:
    """Return the speaker's face in each picture; None where there is no face.

    Args:
        pictures: the faces in each picture, the largest first.
        cuts: whether another shot begins with a picture; people are not followed across cuts.
        cells: how long each picture is on show.
    """
    starts = [index for index, cut in enumerate(cuts) if cut or index == 0]
    chosen: list[Face | None] = []
    for first, end in pairwise([*starts, len(pictures)]):
        shot = range(first, end)
        speaker = _speaker(pictures, shot, cells)
        for index in shot:
            largest = pictures[index][0] if pictures[index] else None
            chosen.append(speaker.get(index, largest))
    return chosen


def _speaker(
    pictures: Sequence[Sequence[Face]], shot: range, cells: Sequence[int]
) -> dict[int, Face]:
    """The faces of one shot's speaker; none if nobody needs to be chosen."""
    if all(len(pictures[index]) < 2 for index in shot):
        return {}
    total = sum(cells[index] for index in shot)
    people = [
        person
        for person in _people(pictures, shot)
        if person.time(cells) >= MIN_SHARE_OF_SHOT * total
    ]
    if not people:
        return {}
    movements = {id(one): one.mouth_movement() for one in people}
    moving = sorted(people, key=lambda one: -(movements[id(one)] or 0))
    if len(moving) > 1:
        first, second = movements[id(moving[0])], movements[id(moving[1])]
        if first is not None and second is not None and first >= CLEARLY_MORE * second:
            return moving[0].faces
    return max(people, key=lambda one: one.size(cells)).faces


def _people(pictures: Sequence[Sequence[Face]], shot: range) -> list[_Person]:
    people: list[_Person] = []
    for index in shot:
        for face in pictures[index]:
            known = [one for one in people if index not in one.faces and one.is_like(face)]
            if known:
                nearest = min(known, key=lambda one: _distance(one.last, face))
            else:
                nearest = _Person()
                people.append(nearest)
            nearest.faces[index] = face
    return people


def _distance(one: Face, other: Face) -> float:
    (x0, y0), (x1, y1) = one.centre_px, other.centre_px
    return float(np.hypot(x1 - x0, y1 - y0))

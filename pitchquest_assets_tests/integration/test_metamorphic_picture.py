"""What a change of the picture may do to the scores, over the sample and real recordings.

Each change says for each visual score whether it must STAY (within half a point), RISE or FALL; a
score that is not named may move. A score that is null before must be null after.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.analyse import analyse_visual
from pitchquest_assets.analysis.visual.faces import Picture
from pitchquest_assets.model import VisualAnalysis
from pitchquest_assets_tests.support.degradations import (
    Change,
    blurred,
    both,
    jpeg,
    mosaic,
    narrower,
    noisy,
)
from pitchquest_assets_tests.support.places import ROOT, SHARED
from pitchquest_assets_tests.support.sights import YUNET, frames_of, pictures_of

pytestmark = pytest.mark.slow

RECORDINGS = {
    "sample": ROOT / "samples" / "pitch.mp4",
    "two people": SHARED / "media" / "pitch_11s_1080p.mp4",
    "several shots": SHARED / "media" / "pitch_30s_720p.mp4",
}
SPACING_SECONDS = {"sample": 4.0, "two people": 1.0, "several shots": 1.0}
STAY_WITHIN = 0.5
STAY, FALL = "must stay", "must fall"
BODY = ("presence", "framing", "camera_facing", "expression", "movement")
ALL = (*BODY, "picture_quality")


@dataclass(frozen=True)
class Case:
    """What is done to each picture, and what that must do to each score."""

    change: Change
    expected: Mapping[str, str]


def lighter(gain: float) -> Change:
    return lambda picture: np.clip(picture * gain, 0, 255).astype(np.uint8)


def turned(degrees: float) -> Change:
    """As a camera that is not level sees it."""

    def change(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        made = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(made, np.uint8)

    return change


def mirrored(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


FALLS = {"picture_quality": FALL, "presence": STAY}
CASES = {
    "mirrored": Case(mirrored, dict.fromkeys(ALL, STAY)),
    "a tenth brighter": Case(lighter(1.1), dict.fromkeys(BODY, STAY)),
    "a tenth darker": Case(lighter(0.9), dict.fromkeys(ALL, STAY)),
    "turned by 4 degrees": Case(turned(4), dict.fromkeys(("presence", "camera_facing"), STAY)),
    "JPEG at 60": Case(jpeg(60), dict.fromkeys(("presence", "framing", "camera_facing"), STAY)),
    "a smaller video": Case(narrower(160), {"picture_quality": FALL}),
    "a mosaic": Case(mosaic(160), FALLS),
    "JPEG at 3": Case(jpeg(3), {"picture_quality": FALL}),
    "noise": Case(noisy(25), FALLS),
    "blur": Case(blurred(3), FALLS),
    "blur and noise": Case(both(blurred(2), noisy(15)), FALLS),
    "hardly any light": Case(lighter(0.15), {"picture_quality": FALL}),
}


@cache
def analysed(name: str, change: str) -> VisualAnalysis:
    if not RECORDINGS[name].exists():
        pytest.skip(f"{RECORDINGS[name].name} is not part of the public repository")
    model: Path | None = SHARED / "models" / YUNET
    pictures = pictures_of(RECORDINGS[name], SPACING_SECONDS[name])
    shown = pictures if change == "nothing" else [CASES[change].change(one) for one in pictures]
    return analyse_visual(frames_of(shown), yunet_model=model if model and model.exists() else None)


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("change", CASES)
def test_a_change_of_the_picture_moves_only_the_scores_that_it_must(name: str, change: str) -> None:
    before, after = analysed(name, "nothing").scores, analysed(name, change).scores
    for score, direction in CASES[change].expected.items():
        was, now = before[score].value, after[score].value
        if was is None or direction == STAY:
            assert now == (None if was is None else pytest.approx(was, abs=STAY_WITHIN)), score
        elif now is not None:  # null if no face is found any more
            assert now < was - STAY_WITHIN, score

"""Shares are shares of time; what is too small, cut off, drawn or still is reported as such."""

from typing import Any

import cv2
import numpy as np
import pytest

from pitchquest_assets.analysis.visual.analyse import analyse_visual
from pitchquest_assets.analysis.visual.events import find_events
from pitchquest_assets.analysis.visual.faces import Face
from pitchquest_assets.analysis.visual.observations import observe
from pitchquest_assets.analysis.visual.scene import Scene
from pitchquest_assets.analysis.visual.scores import score_all
from pitchquest_assets.media.sampling import iter_frames
from pitchquest_assets.model import Measurement, VisualAnalysis
from pitchquest_assets_tests.support.sights import (
    NO_FACE,
    YUNET,
    FixedDetector,
    frames_of,
    observation,
    on,
    pictures_of,
    portrait,
    slide,
)

KNOWN = Measurement(value=1.0, unit="share")
MEASURED = dict.fromkeys(("camera_facing_share", "smile_share", "sway", "movement"), KNOWN)


def value(analysis: VisualAnalysis, name: str) -> float:
    found = analysis.scores.get(name) or analysis.measurements[name]
    assert found.value is not None, (name, found.reason)
    return found.value


def framing(**overrides: Any) -> float:
    scene = Scene([observation(i, **overrides) for i in range(6)], None)
    framed = score_all(scene, MEASURED)["framing"].value
    assert framed is not None
    return framed


def test_still_face_then_slides_counts_by_time_not_by_pictures() -> None:
    frames = frames_of(
        [portrait(), *[slide(lines=n % 3 + 2) for n in range(10)]], cells=[10] + [1] * 10
    )
    analysis = analyse_visual(frames, yunet_model=None)
    assert value(analysis, "face_presence") == 0.5
    assert value(analysis, "slides_share") == 0.5
    assert value(analysis, "presence") == 10
    assert value(analysis, "framing") > 8
    assert value(analysis, "movement") <= 5.5  # a still does not move
    assert {score.covers for name, score in analysis.scores.items() if name != "posture"} == {0.5}
    assert analysis.scores["presence"].basis == (
        "a face for 100% of the time without slides; slides for 50%"
    )
    assert [event.kind for event in analysis.events if event.kind == "face lost"] == []
    (shown,) = [event for event in analysis.events if event.kind == "slides"]
    assert (shown.start_seconds, shown.end_seconds) == (10.0, 19.0)


def test_face_that_is_lost_beside_slides_still_costs() -> None:
    away = np.full((360, 640, 3), 120, np.uint8)
    pictures = [portrait()] * 8 + [away] * 2 + [slide()] * 10
    analysis = analyse_visual(frames_of(pictures), yunet_model=None)
    assert value(analysis, "presence") == pytest.approx(6.5)
    assert value(analysis, "face_presence") == 0.4


def test_too_little_face_beside_slides_is_withheld() -> None:
    away = np.full((360, 640, 3), 120, np.uint8)
    pictures = [portrait()] * 6 + [away] * 6 + [slide()] * 8
    analysis = analyse_visual(frames_of(pictures), yunet_model=None)
    assert analysis.scores["framing"].reason == (
        "a face is in only 50% of the pictures that are no slides; "
        "60% are needed for a visual score"
    )


def test_shares_are_weighted_by_the_time_on_show() -> None:
    seen = [observation(0, yaw_degrees=40.0, cells=6), *(observation(i) for i in range(6, 8))]
    scene = Scene(seen, None)
    assert sum(one.cells for one in scene.facing) / 8 == 0.25
    (away,) = [event for event in find_events(scene) if event.kind == "turned away"]
    assert away.start_seconds == 0


def test_smile_shares_are_weighted_by_the_time_on_show() -> None:
    widths = [0.8, 0.81, 0.79, 0.8, 0.95]
    cells = [1, 1, 1, 1, 6]
    seen = [
        observation(i, mouth_width=width, mouth_error=0.005, cells=shown)
        for i, (width, shown) in enumerate(zip(widths, cells, strict=True))
    ]
    assert Scene(seen, None).smile_share(0, 1) == 0.6


@pytest.mark.parametrize(
    ("cut", "most"),
    [
        ({"face_y": 0.12}, 3.0),  # half the forehead is outside
        ({"face_y": 0.93}, 3.0),
        ({"face_x": 0.03}, 3.0),
        ({"face_x": 0.97}, 3.0),
        ({"face_y": 0.18}, 6.0),  # the forehead touches the edge
    ],
)
def test_head_that_is_cut_off_costs_framing_and_is_an_event(
    cut: dict[str, float], most: float
) -> None:
    assert framing(**cut) <= most < framing()
    scene = Scene([observation(i, **cut) for i in range(6)], None)
    assert "cut off" in {event.kind for event in find_events(scene)}
    assert "cut off" in score_all(scene, MEASURED)["framing"].basis


def test_framing_falls_the_more_of_the_head_is_outside() -> None:
    scores = [framing(face_y=0.18 - 0.06 * step) for step in range(6)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0


def test_face_that_fills_an_upright_picture_from_side_to_side_is_too_close() -> None:
    scores = [framing(face_height=0.4, face_width=width) for width in (0.5, 0.6, 0.7, 0.8)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == framing()
    assert scores[-1] < scores[0] - 2
    scene = Scene([observation(i, face_height=0.4, face_width=0.8) for i in range(6)], None)
    assert "too close" in {event.kind for event in find_events(scene)}


def test_small_portion_of_a_slide_is_too_small_to_judge(shared_models) -> None:
    pictures = [on(slide(lines=n % 4 + 1), portrait(80, 80), 540, 260) for n in range(8)]
    analysis = analyse_visual(frames_of(pictures), yunet_model=shared_models / YUNET)
    assert value(analysis, "face_presence") == 1
    for name in ("camera_facing", "expression"):
        assert analysis.scores[name].value is None
        assert analysis.scores[name].reason == (
            "the face is too small to judge: 6% of the picture's height"
        )


def two_people(left_px: float = 120, right_px: float = 420) -> list[Face]:
    return [Face(left_px, 100, 90, 120), Face(right_px, 100, 90, 120)]


def test_two_people_side_by_side_are_not_off_centre() -> None:
    frames = frames_of([portrait()] * 6)
    seen, _ = observe(iter_frames(frames), FixedDetector(two_people()))
    assert "off centre" not in {event.kind for event in find_events(Scene(seen, None))}
    both = score_all(Scene(seen, None), MEASURED)["framing"].value
    alone, _ = observe(iter_frames(frames), FixedDetector(two_people()[0]))
    one = score_all(Scene(alone, None), MEASURED)["framing"].value
    assert both is not None
    assert one is not None
    assert both > one + 1


def test_mouth_that_moves_within_its_error_is_null_with_the_true_reason() -> None:
    random = np.random.default_rng(0)
    seen = [
        observation(i, mouth_width=0.8 + random.normal(0, 0.01), mouth_error=0.012)
        for i in range(30)
    ]
    reason = Scene(seen, None).no_smiles or ""
    assert "within the error of measuring it (1.5%)" in reason
    talking = [
        observation(i, mouth_width=0.8 + 0.04 * (i % 3), mouth_error=0.012) for i in range(30)
    ]
    assert Scene(talking, None).no_smiles is None


def test_smile_with_teeth_needs_less_width_than_one_without() -> None:
    rest = [observation(i, mouth_width=0.80 + 0.01 * (i % 2), teeth=0.02) for i in range(8)]
    grin = [observation(i, mouth_width=0.86, teeth=0.3) for i in range(8, 11)]
    speech = [observation(i, mouth_width=0.86, teeth=0.02) for i in range(11, 14)]
    assert [one.time_seconds for one in Scene([*rest, *grin, *speech], None).smiling] == [8, 9, 10]


def test_neutral_face_that_begins_to_smile_is_seen(shared_media, shared_models) -> None:
    pictures = pictures_of(shared_media / "faces" / "pyfeat_single_face.mp4", 0.2)
    for shown in (pictures, [picture[:, ::-1] for picture in pictures]):
        analysis = analyse_visual(frames_of(shown), yunet_model=shared_models / YUNET)
        assert value(analysis, "smile_share") == pytest.approx(0.7, abs=0.1)
        smiles = [event for event in analysis.events if event.kind == "smile"]
        assert smiles[0].start_seconds >= 3


@pytest.mark.parametrize(
    "video", ["pitch_11s_1080p.mp4", "faces/pyfeat_WolfgangLanger_Pexels.mp4", "pitch_30s_720p.mp4"]
)
def test_mirrored_video_has_the_same_scores(shared_media, shared_models, video: str) -> None:
    pictures = pictures_of(shared_media / video, 1.0)
    plain, mirrored = (
        analyse_visual(frames_of(shown), yunet_model=shared_models / YUNET)
        for shown in (pictures, [np.ascontiguousarray(one[:, ::-1]) for one in pictures])
    )
    for name, score in plain.scores.items():
        if name != "posture":
            assert value(mirrored, name) == pytest.approx(score.value, abs=0.5), name


def test_people_who_talk_are_measured(shared_media, shared_models) -> None:
    for video in ("pitch_30s_720p.mp4", "pitch_11s_1080p.mp4"):
        frames = frames_of(pictures_of(shared_media / video, 1.0))
        analysis = analyse_visual(frames, yunet_model=shared_models / YUNET)
        assert analysis.scores["expression"].value is not None


def test_pictures_of_two_shapes_are_judged_each_by_its_own() -> None:
    upright = cv2.rotate(np.full((360, 640, 3), 120, np.uint8), cv2.ROTATE_90_CLOCKWISE)
    upright[140:500] = portrait(360, 360)
    pictures = [portrait()] * 5 + [upright] * 5
    analysis = analyse_visual(frames_of(pictures), yunet_model=None)
    assert value(analysis, "face_presence") == 1
    heights = analysis.timeline["face_height"].values
    assert (heights[0] or 0) > 1.4 * (heights[-1] or 1)


def test_what_is_lost_without_a_face_needs_no_quality() -> None:
    scene = Scene([observation(i, **NO_FACE, slide=True) for i in range(6)], None)
    assert [event.kind for event in find_events(scene)] == ["slides"]

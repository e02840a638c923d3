from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pitchquest_assets.analysis.visual.analyse import MAX_NOTABLE_FRAMES, analyse_visual
from pitchquest_assets.analysis.visual.events import find_events
from pitchquest_assets.analysis.visual.observations import Observation
from pitchquest_assets.analysis.visual.scene import Scene
from pitchquest_assets.model import Frames, VisualAnalysis
from pitchquest_assets_tests.support.sights import (
    NO_FACE,
    YUNET,
    frames_of,
    observation,
    pictures_of,
    portrait,
)

SCORED = ("presence", "framing", "camera_facing", "expression", "movement", "picture_quality")


def kinds(observations: Sequence[Observation], no_landmarks: str | None = None) -> list[str]:
    return [event.kind for event in find_events(Scene(observations, no_landmarks))]


def nulls(analysis: VisualAnalysis) -> set[str]:
    return {name for name, score in analysis.scores.items() if score.value is None}


def test_video_without_pictures_is_null_with_its_reason() -> None:
    frames = Frames(
        payload=b"",
        frames=[],
        width_px=0,
        height_px=0,
        spacing_seconds=1.0,
        method="none",
        reason="the file has no video stream",
        warnings=["a.mp4 is damaged"],
    )
    analysis = analyse_visual(frames, yunet_model=None)
    assert analysis.frames_analyzed == 0
    assert analysis.warnings == ["a.mp4 is damaged"]
    assert analysis.detector is None
    assert analysis.body_language_score is None
    assert (analysis.events, analysis.timeline, analysis.notable_frames) == ([], {}, [])
    reasons = {one.reason for one in analysis.measurements.values()}
    assert reasons == {"the file has no video stream"}
    assert {analysis.scores[name].reason for name in SCORED} == reasons


def test_without_landmarks_facing_and_smile_are_null_and_say_how_to_get_them() -> None:
    analysis = analyse_visual(frames_of([portrait()] * 6), yunet_model=None)
    assert analysis.detector == "haar_frontalface"
    assert analysis.measurements["face_presence"].value == 1
    for name in ("camera_facing_share", "smile_share"):
        assert "pitchquest models pull yunet" in (analysis.measurements[name].reason or "")
    assert nulls(analysis) == {"camera_facing", "expression", "posture"}
    assert analysis.body_language_score is not None
    assert "camera_facing" not in analysis.timeline


def test_posture_needs_a_vision_judge() -> None:
    analysis = analyse_visual(frames_of([portrait()] * 6), yunet_model=None)
    assert analysis.posture_quality is None
    assert "vision judge" in (analysis.scores["posture"].reason or "")


def test_scores_are_withheld_where_a_face_is_rare_but_measurements_stay() -> None:
    empty = np.full((360, 640, 3), 120, np.uint8)
    analysis = analyse_visual(frames_of([portrait()] * 5 + [empty] * 5), yunet_model=None)
    assert analysis.measurements["face_presence"].value == 0.5
    assert analysis.measurements["face_height"].value is not None
    assert nulls(analysis) == {*SCORED, "posture"}
    assert analysis.scores["framing"].reason == (
        "a face is in only 50% of the pictures; 60% are needed for a visual score"
    )
    assert analysis.body_language_score is None


def test_one_picture_is_measured_but_not_scored() -> None:
    analysis = analyse_visual(frames_of([portrait()]), yunet_model=None)
    assert analysis.measurements["face_presence"].value == 1
    assert analysis.measurements["sway"].value is None
    assert "too few pictures" in (analysis.scores["presence"].reason or "")


def test_each_score_has_the_second_of_a_picture_that_is_typical_of_it() -> None:
    empty = np.full((360, 640, 3), 120, np.uint8)
    frames = frames_of([empty, *[portrait()] * 6])
    scores = analyse_visual(frames, yunet_model=None).scores
    assert {name: score.time_seconds for name, score in scores.items()} == {
        "presence": 1.0,
        "framing": 1.0,
        "movement": 2.0,
        "picture_quality": 1.0,
        "camera_facing": None,
        "expression": None,
        "posture": None,
    }


def test_unreadable_pictures_are_a_warning() -> None:
    analysis = analyse_visual(frames_of([portrait()] * 5 + [b"torn"]), yunet_model=None)
    assert analysis.frames_analyzed == 5
    assert analysis.warnings == ["1 of the sampled pictures cannot be read"]
    none_left = analyse_visual(frames_of([b"torn"]), yunet_model=None)
    assert none_left.measurements["face_presence"].reason == "no picture could be read"


@pytest.mark.parametrize(
    ("overrides", "kind"),
    [
        (NO_FACE, "face lost"),
        ({"face_height": 0.07}, "too far"),
        ({"face_height": 0.8}, "too close"),
        ({"face_width": 0.8, "face_height": 0.5}, "too close"),
        ({"face_x": 0.2}, "off centre"),
        ({"face_x": 0.8}, "off centre"),
        ({"face_y": 0.7}, "off centre"),
        ({"yaw_degrees": 40.0}, "turned away"),
        ({"pitch_degrees": -35.0}, "turned away"),
        ({"shift": 1.4}, "restless"),
        ({"changed": 0.9}, "restless"),
        ({"bright_level": 0.2}, "too dark"),
        ({"face_clipped": 0.3}, "too bright"),
        ({"sharpness": 4.0}, "blurred"),
        ({"contrast": 0.03}, "flat"),
    ],
)
def test_what_goes_wrong_in_neighbouring_pictures_is_one_event(
    overrides: dict[str, Any], kind: str
) -> None:
    bad = range(3, 7)
    scene = Scene([observation(i, **(overrides if i in bad else {})) for i in range(12)], None)
    (event,) = find_events(scene)
    assert (event.kind, event.start_seconds, event.end_seconds) == (kind, 3.0, 6.0)
    assert event.text


def test_well_framed_well_lit_face_makes_no_event() -> None:
    assert kinds([observation(i) for i in range(12)]) == []


def test_single_slip_is_no_event_but_a_single_picture_is_judged() -> None:
    assert kinds([observation(i, **(NO_FACE if i == 4 else {})) for i in range(9)]) == []
    assert kinds([observation(0, face_height=0.9)]) == ["too close"]


def test_slides_are_not_judged_as_camera_pictures() -> None:
    slide: dict[str, Any] = NO_FACE | {"sharpness": 2.0, "contrast": 0.02, "clipped": 0.9}
    slides = [observation(i, **(slide if i > 6 else {})) for i in range(12)]
    assert kinds(slides) == ["face lost"]


def test_speaker_who_never_moves_is_told() -> None:
    scene = Scene([observation(i, shift=0.01, changed=0.005) for i in range(8)], None)
    (event,) = find_events(scene)
    assert (event.kind, event.start_seconds, event.end_seconds) == ("still", 0.0, 7.0)
    assert kinds([observation(i, shift=0.01, changed=0.2) for i in range(8)]) == []


def test_cut_is_an_event() -> None:
    (event,) = find_events(Scene([observation(i, cut=i == 5) for i in range(9)], None))
    assert (event.kind, event.start_seconds, event.end_seconds) == ("cut", 5.0, 5.0)


def test_mouth_wider_than_the_own_resting_mouth_is_a_smile() -> None:
    widths = [0.8, 0.81, 0.79, 0.8, 0.92, 0.93, 0.8, 0.8, 0.82, 0.8]
    scene = Scene([observation(i, mouth_width=width) for i, width in enumerate(widths)], None)
    assert [one.time_seconds for one in scene.smiling] == [4.0, 5.0]
    assert kinds(scene.observations) == ["smile"]


def test_wide_mouth_of_a_turned_head_is_not_judged() -> None:
    turned = [observation(i, mouth_width=1.2, yaw_degrees=45.0) for i in range(8, 12)]
    scene = Scene([*(observation(i) for i in range(8)), *turned], None)
    assert scene.smiling == []


def test_smile_needs_enough_pictures_that_face_the_camera() -> None:
    scene = Scene([observation(i, yaw_degrees=0.0 if i < 4 else 50.0) for i in range(12)], None)
    assert scene.no_smiles == "too few pictures facing the camera: 4, and 5 are needed"
    assert scene.no_pose is None


PRESENCE = [
    ("pitch_120s_1080p.mp4", 2.4, 0.95, 1.0),
    ("faces/pyfeat_no_face.mp4", 0.5, 0.0, 0.0),
    ("faces/pyfeat_single_face.mp4", 0.2, 1.0, 1.0),
    ("faces/pyfeat_WolfgangLanger_Pexels.mp4", 0.5, 0.97, 1.0),
]


@pytest.mark.parametrize(("video", "spacing_seconds", "least", "most"), PRESENCE)
def test_face_presence_of_real_videos(
    shared_media: Path,
    shared_models: Path,
    video: str,
    spacing_seconds: float,
    least: float,
    most: float,
) -> None:
    keyframes_only = spacing_seconds > 2  # the others are slow to decode
    pictures = pictures_of(shared_media / video, spacing_seconds, keyframes_only=keyframes_only)
    frames = frames_of(pictures, spacing_seconds)
    for model in (shared_models / YUNET, None):
        analysis = analyse_visual(frames, yunet_model=model)
        presence = analysis.measurements["face_presence"].value
        assert presence is not None
        assert least <= presence <= most
        names = {frame.name for frame in frames.frames}
        assert set(analysis.notable_frames) <= names
        assert len(analysis.notable_frames) <= MAX_NOTABLE_FRAMES


def test_woman_who_looks_about_and_smiles_later(shared_media: Path, shared_models: Path) -> None:
    video = shared_media / "faces" / "pyfeat_WolfgangLanger_Pexels.mp4"
    frames = frames_of(pictures_of(video, 0.5), 0.5)
    analysis = analyse_visual(frames, yunet_model=shared_models / YUNET)
    assert nulls(analysis) == {"posture"}
    smiles = [event for event in analysis.events if event.kind == "smile"]
    late = sum(
        event.end_seconds - event.start_seconds + 0.5 for event in smiles if event.start_seconds > 9
    )
    early = sum(
        event.end_seconds - event.start_seconds + 0.5
        for event in smiles
        if event.start_seconds <= 9
    )
    assert late > 3 * early
    assert "too close" in {event.kind for event in analysis.events}
    assert not [event for event in analysis.events if event.kind == "cut"]
    assert set(analysis.timeline) == {"face", "face_height", "brightness", "camera_facing"}


def test_composite_of_two_people_has_cuts_at_its_seams(
    shared_media: Path, shared_models: Path
) -> None:
    frames = frames_of(pictures_of(shared_media / "pitch_11s_1080p.mp4", 1.0))
    analysis = analyse_visual(frames, yunet_model=shared_models / YUNET)
    cuts = [event.start_seconds for event in analysis.events if event.kind == "cut"]
    assert cuts == [7.0, 10.0]
    assert analysis.measurements["cuts"].value == 2

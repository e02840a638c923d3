"""The vision judge with the real SDK, against a server that speaks Gemini's wire format."""

import base64
import json
from typing import Any

import pytest

from pitchquest_assets.engines.judges.vision import judge_pictures, wants_vision_judge
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.errors import SettingsError, UnusableAnswer
from pitchquest_assets.media.sampling import iter_frames
from pitchquest_assets.model import Frames, VisualAnalysis
from pitchquest_assets.settings import Settings
from pitchquest_assets.vendor_calls import NoLedger
from pitchquest_assets_tests.support import factories, vendors
from pitchquest_assets_tests.support.vendors import FakeVendor

JUDGED = {"body_language", "posture", "eye_contact", "slides"}


def look(gemini: FakeVendor, frames: Frames | None = None, **settings: Any) -> VisualAnalysis:
    made = Settings(
        GEMINI_API_KEY=vendors.GEMINI_KEY, GOOGLE_GEMINI_BASE_URL=gemini.url, **settings
    )
    told: list[str] = []
    caller = Caller(made, NoLedger(), told.append)
    return judge_pictures(frames or factories.frames_value(8), factories.visual_analysis(), caller)


def answer(**aspects: dict[str, Any]) -> Any:
    return vendors.gemini_answer(json.dumps(vendors.sight(**aspects)))


def test_each_aspect_is_scored_with_the_picture_that_shows_it(gemini: FakeVendor) -> None:
    measured, seen = factories.visual_analysis(), look(gemini)
    second = factories.frames_value(8).frames[1]
    assert seen.posture_quality == 8.0
    for name in JUDGED - {"slides"}:
        assert (seen.scores[name].value, seen.scores[name].time_seconds) == (
            8.0,
            round(second.time_seconds, 2),
        )
    assert (seen.scores["slides"].value, seen.scores["slides"].reason) == (None, "No slides.")
    events = [one for one in seen.events if one.kind == "vision_judge"]
    assert len(events) == 3
    assert {one.start_seconds for one in events} == {round(second.time_seconds, 2)}
    assert "Posture: Posture as it should be. Stand a little nearer." in [e.text for e in events]
    assert second.name == seen.notable_frames[0]
    assert seen.judge == f"gemini: {vendors.GEMINI_VERSION}"
    assert seen.cost_usd == 0.0034
    # What was measured stays.
    assert seen.measurements == measured.measurements
    assert seen.body_language_score == measured.body_language_score
    kept = {name: seen.scores[name] for name in measured.scores if name not in JUDGED}
    assert kept == {k: v for k, v in measured.scores.items() if k not in JUDGED}


def test_pictures_go_out_with_their_numbers_and_seconds_and_nothing_else(
    gemini: FakeVendor,
) -> None:
    frames = factories.frames_value(8)
    look(gemini, frames)
    (body,) = gemini.bodies
    (content,) = body["contents"]
    texts, pictures = content["parts"][::2], content["parts"][1::2]
    assert [json.loads(one["text"]) for one in texts] == [
        {"picture": number, "second": round(frame.time_seconds, 1)}
        for number, frame in enumerate(frames.frames, 1)
    ]
    sent = [base64.urlsafe_b64decode(one["inlineData"]["data"]) for one in pictures]
    assert sent == [jpeg for _, jpeg in iter_frames(frames)]
    assert {one["inlineData"]["mime_type"] for one in pictures} == {"image/jpeg"}


def test_few_pictures_are_sent_spread_over_the_video(gemini: FakeVendor) -> None:
    frames = factories.frames_value(8)
    look(gemini, frames, vision_max_frames=3)
    texts = [one["text"] for one in gemini.bodies[0]["contents"][0]["parts"][::2]]
    seconds = [json.loads(one)["second"] for one in texts]
    times = [round(one.time_seconds, 1) for one in frames.frames]
    assert len(seconds) == 3
    assert (seconds[0], seconds[-1]) == (times[0], times[-1])


@pytest.mark.parametrize("picture", [0, 99])
def test_a_picture_that_does_not_exist_proves_nothing(gemini: FakeVendor, picture: int) -> None:
    gemini.script = [answer(posture={"picture": picture})]
    seen = look(gemini)
    assert seen.posture_quality is None
    assert seen.scores["posture"].reason == "the picture given as evidence does not exist"


def test_an_unusable_answer_fails_and_says_how_to_do_without(gemini: FakeVendor) -> None:
    gemini.script = [answer(posture={"score": 9}) for _ in range(2)]
    with pytest.raises(UnusableAnswer, match=r"posture\.score.*PITCHQUEST_VISION_JUDGE=off"):
        look(gemini)
    assert len(gemini.requests) == 2


def test_without_pictures_nothing_is_asked(gemini: FakeVendor) -> None:
    look(gemini, factories.no_frames())
    assert gemini.requests == []


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, False),
        ({"GEMINI_API_KEY": "k"}, True),
        ({"GEMINI_API_KEY": "k", "judge": "rules"}, False),
        ({"GEMINI_API_KEY": "k", "judge": "rules", "vision_judge": "gemini"}, True),
        ({"GEMINI_API_KEY": "k", "vision_judge": "off"}, False),
    ],
)
def test_pictures_leave_only_where_gemini_judges_or_is_asked_for(
    settings: dict[str, str], wanted: bool
) -> None:
    assert wants_vision_judge(Settings(**settings)) is wanted  # type: ignore[arg-type]


def test_asked_for_without_a_key_it_says_so() -> None:
    with pytest.raises(SettingsError, match="PITCHQUEST_VISION_JUDGE=gemini needs GEMINI_API_KEY"):
        wants_vision_judge(Settings(vision_judge="gemini"))

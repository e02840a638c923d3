from typing import Any

import pytest

from pitchquest_assets.analysis.content.local import judge_content
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.result.feedback import (
    IMPROVEMENT_SHARE,
    STRENGTH_SHARE,
    give_feedback,
)
from pitchquest_assets.model import ContentAnalysis, Event, FeedbackLists, Pace, Score
from pitchquest_assets_tests.analysis.result.test_scoring import content_of, delivery_of, visual_of
from pitchquest_assets_tests.support.pitch_texts import PITCHES
from pitchquest_assets_tests.support.spoken import speak

RUBRIC = load_rubric()
NO_CONTENT = content_of({})


def feedback_of(
    content: ContentAnalysis = NO_CONTENT,
    delivery: dict[str, Score] | None = None,
    visual: dict[str, Score] | None = None,
    pace: Pace | None = None,
    delivery_events: tuple[Event, ...] = (),
    visual_events: tuple[Event, ...] = (),
) -> FeedbackLists:
    voice: dict[str, Any] = {"scores": delivery or {}, "speaking_pace": pace}
    return give_feedback(
        content,
        delivery_of({}).model_copy(update=voice | {"events": list(delivery_events)}),
        visual_of({}).model_copy(update={"scores": visual or {}, "events": list(visual_events)}),
        RUBRIC,
    )


def event(kind: str, start_seconds: float, length_seconds: float = 1.0) -> Event:
    end = start_seconds + length_seconds
    return Event(kind=kind, start_seconds=start_seconds, end_seconds=end, text=kind)


def test_at_most_three_of_each_by_weight() -> None:
    strong = feedback_of(content_of(dict.fromkeys(RUBRIC.item_weights, 5)))
    assert [one.title for one in strong.strengths] == [
        "The problem is easy to grasp",
        "The solution is concrete",
        "The market is sized",
    ]
    assert strong.improvements == []
    weak = feedback_of(content_of(dict.fromkeys(RUBRIC.item_weights, 0)))
    assert [one.title for one in weak.improvements] == [
        "Say which problem you solve",
        "Say what you built",
        "Say how large the market is",
    ]
    assert weak.strengths == []


def test_a_large_gap_in_a_small_part_beats_a_small_gap_in_a_large_one() -> None:
    lists = feedback_of(content_of({"ask": 3}), {"pace": Score(value=0.0, basis="60 wpm")})
    assert [one.part for one in lists.improvements] == ["delivery", "content"]


@pytest.mark.parametrize(
    ("value", "strengths", "improvements"),
    [(10 * STRENGTH_SHARE, 1, 0), (6.5, 0, 0), (10 * IMPROVEMENT_SHARE, 0, 1), (0.0, 0, 1)],
)
def test_a_middling_score_is_neither(value: float, strengths: int, improvements: int) -> None:
    lists = feedback_of(delivery={"pauses": Score(value=value, basis="x")})
    assert (len(lists.strengths), len(lists.improvements)) == (strengths, improvements)


def test_what_was_not_measured_is_not_mentioned() -> None:
    missing = Score(value=None, reason="no sound")
    lists = feedback_of(
        content_of(dict.fromkeys(RUBRIC.item_weights)), {"pace": missing}, {"framing": missing}
    )
    assert lists == FeedbackLists(strengths=[], improvements=[])


def test_a_strength_of_content_quotes_its_sentence_and_second() -> None:
    content = judge_content(speak(PITCHES["saas"].text), RUBRIC)
    first = feedback_of(content).strengths[0]
    assert first.part == "content"
    assert (first.evidence.quote or "").startswith("They copy numbers")
    assert first.evidence.time_seconds == pytest.approx(9.7)
    assert "how much it hurts, by a number or one case" in first.detail


def test_an_absent_item_says_so_and_where_it_belongs() -> None:
    content = judge_content(speak(PITCHES["saas"].text), RUBRIC)
    first = feedback_of(content).improvements[0]
    assert first.title == "Say why now"
    assert first.evidence.quote is None
    assert first.evidence.time_seconds is not None
    measured = first.evidence.measurement or ""
    assert measured.startswith("not found in the ")
    assert "it would fit after “" in measured


def test_a_weak_item_names_the_facts_that_are_missing() -> None:
    items = content_of(dict.fromkeys(RUBRIC.item_weights, 5)).items
    weak = [
        item.model_copy(update={"score": 2, "found": ["what you want"]})
        if item.name == "ask"
        else item
        for item in items
    ]
    content = content_of(dict.fromkeys(RUBRIC.item_weights, 5)).model_copy(
        update={"items": weak, "ask": 2}
    )
    details = [one.detail for one in feedback_of(content).improvements]
    assert details == [
        "You ask; make it easy to say yes: say how much you ask for; say what it buys; "
        "say what will be reached with it, and by when."
    ]


@pytest.mark.parametrize(
    ("pace", "title"),
    [("fast", "Slow down"), ("slow", "Pick up the pace"), (None, "Steady the pace")],
)
def test_advice_on_pace_knows_the_direction(pace: Pace | None, title: str) -> None:
    lists = feedback_of(delivery={"pace": Score(value=3.0, basis="190 wpm")}, pace=pace)
    assert [one.title for one in lists.improvements] == [title]


def test_evidence_of_delivery_is_the_measurement_and_its_longest_event() -> None:
    lists = feedback_of(
        delivery={"pauses": Score(value=2.0, basis="3 pauses over 2 s")},
        delivery_events=(event("long_pause", 4, 2), event("long_pause", 9, 5), event("filler", 1)),
    )
    evidence = lists.improvements[0].evidence
    assert evidence.measurement == "3 pauses over 2 s"
    assert evidence.time_seconds == 9
    assert lists.improvements[0].title == "Close the long gaps"


def test_advice_on_the_picture_follows_the_most_frequent_event() -> None:
    lists = feedback_of(
        visual={"framing": Score(value=2.0, basis="face 9 % of the height")},
        visual_events=(
            event("off centre", 1),
            event("too far", 5, 3),
            event("too far", 20),
            event("face lost", 30, 30),
        ),
    )
    assert lists.improvements[0].title == "Come closer"
    assert lists.improvements[0].evidence.time_seconds == 5


def test_a_strength_points_at_a_typical_moment() -> None:
    lists = feedback_of(delivery={"pace": Score(value=9.5, basis="140 wpm", time_seconds=35.0)})
    assert lists.strengths[0].evidence.time_seconds == 35


def test_an_improvement_points_at_its_event_rather_than_at_a_typical_moment() -> None:
    weak = {"pauses": Score(value=2.0, basis="3 pauses over 2 s", time_seconds=35.0)}
    (with_event,) = feedback_of(
        delivery=weak, delivery_events=(event("long_pause", 9, 5),)
    ).improvements
    (without,) = feedback_of(delivery=weak).improvements
    assert (with_event.evidence.time_seconds, without.evidence.time_seconds) == (9, 35)


def test_clarity_points_at_a_sentence_where_one_shows_it() -> None:
    content = judge_content(speak(PITCHES["saas"].text), RUBRIC)
    clarity = next(item for item in content.items if item.name == "clarity")
    assert clarity.score
    (told,) = [
        one.evidence
        for one in feedback_of(content.model_copy(update={"items": [clarity]})).strengths
    ]
    assert told.time_seconds is not None


def test_a_strength_does_not_point_at_what_went_wrong() -> None:
    lists = feedback_of(
        visual={"presence": Score(value=9.0, basis="a face in 97 %")},
        visual_events=(event("face lost", 7),),
    )
    assert lists.strengths[0].evidence.time_seconds is None


def test_every_text_of_the_rubric_can_be_told() -> None:
    for share in (0.0, 0.4, 1.0):
        for item in RUBRIC.all_items:
            one = feedback_of(content_of({item.name: round(5 * share)}))
            told = [*one.strengths, *one.improvements]
            assert len(told) == 1, item.name
            assert told[0].title
            assert "{" not in told[0].detail


def test_a_language_model_s_words_take_the_place_of_the_signs() -> None:
    content = content_of({"ask": 2, "team": 5})
    told = {"explanation": "The amount is missing.", "suggestion": "We are raising ___."}
    judged = [
        one.model_copy(update=told if one.name == "ask" else {"explanation": "Two founders."})
        for one in content.items
    ]
    lists = feedback_of(content.model_copy(update={"items": judged}))
    assert [one.detail for one in lists.improvements] == [
        "The amount is missing. You could say: “We are raising ___.”"
    ]
    assert [one.detail for one in lists.strengths] == ["Two founders."]

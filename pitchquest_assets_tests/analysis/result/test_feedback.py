import random
from typing import Any

import pytest

from pitchquest_assets.analysis.content.local import judge_content
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.analysis.delivery.scores import pace_of, score_delivery
from pitchquest_assets.analysis.references import side_of
from pitchquest_assets.analysis.result.feedback import give_feedback
from pitchquest_assets.analysis.result.scoring import score
from pitchquest_assets.analysis.visual.analyse import analyse_visual
from pitchquest_assets.model import (
    Audio,
    ContentAnalysis,
    DeliveryAnalysis,
    Event,
    FeedbackLists,
    Measurement,
    Pace,
    Score,
    Series,
    VisualAnalysis,
)
from pitchquest_assets_tests.analysis.result.test_scoring import content_of, delivery_of, visual_of
from pitchquest_assets_tests.support.factories import frames_value, transcript_value
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
    [(10.0, 1, 0), (9.9, 0, 1), (7.0, 0, 1), (6.5, 0, 1), (0.0, 0, 1)],
)
def test_what_loses_points_is_an_improvement(
    value: float, strengths: int, improvements: int
) -> None:
    lists = feedback_of(delivery={"pauses": Score(value=value, basis="x")})
    assert (len(lists.strengths), len(lists.improvements)) == (strengths, improvements)


def test_what_loses_least_is_a_strength_if_its_score_is_good() -> None:
    values = {"pace": 3.0, "pauses": 2.0, "fillers": 4.0, "pitch_variety": 7.0}
    lists = feedback_of(delivery={name: Score(value=one) for name, one in values.items()})
    assert [one.title for one in lists.strengths] == ["A lively voice"]
    values["pitch_variety"] = 6.9
    assert not feedback_of(delivery={n: Score(value=v) for n, v in values.items()}).strengths


def test_what_was_not_measured_is_not_mentioned() -> None:
    missing = Score(value=None, reason="no sound")
    lists = feedback_of(
        content_of(dict.fromkeys(RUBRIC.item_weights)), {"pace": missing}, {"framing": missing}
    )
    assert lists == FeedbackLists(strengths=[], improvements=[])


def test_a_strength_of_content_quotes_its_sentence_and_second() -> None:
    content = judge_content(speak(PITCHES["biotech"].text), RUBRIC)
    first = feedback_of(content).strengths[0]
    assert first.part == "content"
    quote = first.evidence.quote or ""
    assert quote.startswith("Every year four thousand children in Europe are diagnosed")
    assert "Current therapies are toxic" in quote
    assert first.evidence.time_seconds == pytest.approx(8.25)
    assert "how much it hurts, by a number or one case" in first.detail


def test_an_absent_item_says_so_and_where_it_belongs() -> None:
    content = judge_content(speak(PITCHES["biotech"].text), RUBRIC)
    first = feedback_of(content).improvements[0]
    assert first.title == "Say how large the market is"
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
    lists = feedback_of(delivery={"pace": Score(value=10.0, basis="140 wpm", time_seconds=35.0)})
    assert lists.strengths[0].evidence.time_seconds == 35


def test_an_improvement_points_at_its_event_rather_than_at_a_typical_moment() -> None:
    weak = {"pauses": Score(value=2.0, basis="3 pauses over 2 s", time_seconds=35.0)}
    (with_event,) = feedback_of(
        delivery=weak, delivery_events=(event("long_pause", 9, 5),)
    ).improvements
    (without,) = feedback_of(delivery=weak).improvements
    assert (with_event.evidence.time_seconds, without.evidence.time_seconds) == (9, 35)


def test_clarity_points_at_a_sentence_where_one_shows_it() -> None:
    content = judge_content(speak(PITCHES["cement"].text), RUBRIC)
    clarity = content.items[-1].model_copy(update={"score": 5})
    assert clarity.name == "clarity"
    (told,) = [
        one.evidence
        for one in feedback_of(content.model_copy(update={"items": [clarity]})).strengths
    ]
    assert told.time_seconds is not None


def test_clarity_that_lacks_no_sign_is_still_told_what_would_help() -> None:
    content = content_of({"clarity": 3})
    [item] = content.items
    all_signs = list(RUBRIC.clarity.advice)
    for found, helps in (
        (all_signs, "one sentence that a listener could repeat"),
        (all_signs[1:], all_signs[0]),
    ):
        told = content.model_copy(update={"items": [item.model_copy(update={"found": found})]})
        (point,) = feedback_of(told).improvements
        assert point.detail == f"Parts of it make listeners work. What helps: {helps}."


def test_a_strength_does_not_point_at_what_went_wrong() -> None:
    lists = feedback_of(
        visual={"presence": Score(value=10.0, basis="a face in 97 %", time_seconds=7.5)},
        visual_events=(event("face lost", 7), event("smile", 60)),
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


def test_a_level_that_a_language_model_only_praises_still_says_what_would_help() -> None:
    content = content_of({"team": 4})
    judged = [one.model_copy(update={"explanation": "Two founders."}) for one in content.items]
    (point,) = feedback_of(content.model_copy(update={"items": judged})).improvements
    assert point.detail.startswith("Two founders. For full marks, say it more precisely")


@pytest.mark.parametrize(
    ("score", "unit", "value", "reference", "praised"),
    [
        ("pace", "speech_rate", 170, "110–160", False),
        ("pace", "speech_rate", 160, "110–160", True),
        ("pauses", "pause_ratio", 0.09, "0.10–0.30", False),
        ("pauses", "pause_ratio", 0.10, "0.10–0.30", True),
        ("pauses", "long_pauses_per_minute", 1.2, "below 1", False),
        ("fillers", "fillers_per_100_words", 4.2, "below 4; a lower bound", False),
        ("fillers", "fillers_per_100_words", 3.0, "below 4; a lower bound", True),
        ("pitch_variety", "pitch_variety", 0.1, "0.11–0.235 among speakers", False),
        ("presence", "face_presence", 0.88, "at least 0.9", False),
        ("presence", "face_presence", 0.9, "at least 0.9", True),
        ("framing", "face_offset_x", -0.2, "-0.17–0.17", False),
        ("framing", "face_offset_y", 0.06, "-0.25–0.05", False),
        ("framing", "face_height", 0.6, "0.2–0.5", False),
        ("picture_quality", "sharpness", 30, "above 40", False),
    ],
)
def test_nothing_is_praised_outside_its_reference(
    score: str, unit: str, value: float, reference: str, praised: bool
) -> None:
    measured = {unit: Measurement(value=value, unit=unit, reference=reference)}
    part = "delivery" if score in [one.name for one in RUBRIC.delivery] else "visual"
    update = {"scores": {score: Score(value=10.0)}, "measurements": measured}
    lists = give_feedback(
        NO_CONTENT,
        delivery_of({}).model_copy(update=update if part == "delivery" else {}),
        visual_of({}).model_copy(update=update if part == "visual" else {}),
        RUBRIC,
    )
    assert len(lists.strengths) == praised


def test_nothing_is_praised_while_what_speaks_against_it_lasts_long() -> None:
    framing = {"framing": Score(value=10.0, basis="the face takes 40 % of the height")}
    close = event("too close", 20, 80)
    assert not feedback_of(visual=framing, visual_events=(close, event("smile", 119))).strengths
    close = event("too close", 20, 8)
    assert feedback_of(visual=framing, visual_events=(close, event("smile", 119))).strengths


def test_advice_on_the_picture_follows_what_lasted_longest_and_says_how_long() -> None:
    (point,) = feedback_of(
        visual={"framing": Score(value=8.4, basis="the face takes 66 % of the height")},
        visual_events=(
            event("too far", 1, 2),
            event("too far", 5, 2),
            event("too close", 20, 80),
        ),
    ).improvements
    assert point.title == "Move back a little"
    assert point.evidence.time_seconds == 20
    assert point.evidence.measurement == ("the face takes 66 % of the height; too close for 80 s")


@pytest.mark.parametrize(
    ("ratio", "title"),
    [
        (0.05, "Make more room for pauses"),
        (0.15, "Close the long gaps"),
        (0.6, "Close the long gaps"),
    ],
)
def test_advice_on_pauses_knows_whether_there_are_too_few(ratio: float, title: str) -> None:
    measured = {"pause_ratio": Measurement(value=ratio, unit="share", reference="0.10–0.30")}
    delivery = delivery_of({}).model_copy(
        update={
            "scores": {"pauses": Score(value=5.0, measurement="pause_ratio", time_seconds=3.0)},
            "measurements": measured,
            "events": [event("long_pause", 30, 3)],
        }
    )
    (point,) = give_feedback(NO_CONTENT, delivery, visual_of({}), RUBRIC).improvements
    assert point.title == title
    assert point.evidence.time_seconds == (3 if ratio == 0.05 else 30)


def test_a_strength_does_not_point_at_a_moment_outside_its_reference() -> None:
    heights = Series(unit="share", times_seconds=[0.0, 10.0, 20.0], values=[0.3, 0.55, 0.3])
    measured = {"face_height": Measurement(value=0.3, unit="share", reference="0.2–0.5")}
    for at, shown in ((10.0, None), (20.0, 20.0)):
        visual = visual_of({}).model_copy(
            update={
                "scores": {"framing": Score(value=10.0, time_seconds=at)},
                "measurements": measured,
                "timeline": {"face_height": heights},
            }
        )
        (point,) = give_feedback(NO_CONTENT, delivery_of({}), visual, RUBRIC).strengths
        assert point.evidence.time_seconds == shown


def test_a_pitch_of_92_still_has_three_improvements_with_their_points() -> None:
    content = content_of(
        dict.fromkeys(RUBRIC.item_weights, 5) | {"team": 3, "market_opportunity": 4}
    )
    delivery = delivery_of(
        dict.fromkeys([one.name for one in RUBRIC.delivery], 10.0) | {"pace": 8.0}
    )
    visual = visual_of(dict.fromkeys([one.name for one in RUBRIC.visual], 9.0))
    assert score(content, delivery, visual, RUBRIC).overall == 93
    lists = give_feedback(content, delivery, visual, RUBRIC)
    assert [(one.title, one.points) for one in lists.improvements] == [
        ("Say why it is you", 2.4),
        ("Size the market from the bottom up", 1.44),
        ("Steady the pace", 1.4),
    ]


def test_without_an_overall_score_points_are_those_of_the_whole_rubric() -> None:
    delivery, visual = delivery_of({"pace": 5.0}), visual_of({"framing": 5.0})
    assert score(NO_CONTENT, delivery, visual, RUBRIC).overall is None
    lists = give_feedback(NO_CONTENT, delivery, visual, RUBRIC)
    assert [one.points for one in lists.improvements] == [3.5, 1.5]


def test_every_measurement_that_a_strength_depends_on_is_made() -> None:
    silent = Audio(duration_seconds=0, reason="no sound", payload=b"")
    delivery = analyse_delivery(silent, transcript_value())
    visual = analyse_visual(frames_value(count=1), yunet_model=None)
    for listed, made in ((RUBRIC.delivery, delivery), (RUBRIC.visual, visual)):
        names = [name for one in listed for name in one.measurements]
        assert names
        assert set(names) <= set(made.measurements)


def random_pitch(rng: random.Random) -> tuple[ContentAnalysis, DeliveryAnalysis, VisualAnalysis]:
    """Levels, voice measurements with their true scores, and pictures with made-up ones."""
    levels = {name: rng.choice([None, *range(6)]) for name in RUBRIC.item_weights}
    voice = {
        "speech_rate": (rng.uniform(60, 230), "110–160"),
        "pause_ratio": (rng.uniform(0, 0.6), "0.10–0.30"),
        "long_pauses_per_minute": (rng.choice([0, 0.5, rng.uniform(0, 5)]), "below 1"),
        "fillers_per_100_words": (rng.uniform(0, 10), "below 4; a lower bound"),
        "pitch_variety": (rng.uniform(0, 0.4), "0.11–0.235 among speakers"),
    }
    heard = {
        name: Measurement(value=round(value, 4), unit="", reference=reference)
        for name, (value, reference) in voice.items()
    }
    pictures = {
        "face_presence": (rng.uniform(0.5, 1), "at least 0.9"),
        "face_height": (rng.uniform(0, 1), "0.2–0.5"),
        "face_offset_x": (rng.uniform(-0.5, 0.5), "-0.17–0.17"),
        "sharpness": (rng.uniform(0, 90), "above 40"),
    }
    seen = {
        name: Measurement(value=value, unit="", reference=reference)
        for name, (value, reference) in pictures.items()
    }
    delivery = delivery_of({}).model_copy(
        update={
            "measurements": heard,
            "scores": score_delivery(heard, fillers_are_bound=rng.random() < 0.5),
            "speaking_pace": pace_of(heard["speech_rate"].value),
        }
    )
    marks = {
        one.name: rng.choice([None, 10.0, round(rng.uniform(0, 10), 1)]) for one in RUBRIC.visual
    }
    return content_of(levels), delivery, visual_of(marks).model_copy(update={"measurements": seen})


REFERENCES = {
    **{one.strength.title: (one.name, one.measurements) for one in RUBRIC.delivery},
    **{one.strength.title: (one.name, one.measurements) for one in RUBRIC.visual},
}


def perfected(
    value: DeliveryAnalysis | VisualAnalysis, name: str
) -> DeliveryAnalysis | VisualAnalysis:
    return value.model_copy(update={"scores": value.scores | {name: Score(value=10.0)}})


def test_feedback_agrees_with_the_measurements_and_the_score_of_any_pitch() -> None:
    rng = random.Random(13)
    scored = 0
    for _ in range(400):
        parts = random_pitch(rng)
        _, delivery, visual = parts
        lists = give_feedback(*parts, RUBRIC)
        measured = delivery.measurements | visual.measurements
        for strength in lists.strengths:
            names = REFERENCES.get(strength.title, ("", ()))[1]
            assert all(side_of(measured[name]) is None for name in names if name in measured)
        gains = gains_of(*parts)
        told = [one.points or 0 for one in lists.improvements]
        assert told == sorted(told, reverse=True)
        assert len(told) == min(3, len(gains))
        exact = score(*parts, RUBRIC).exact
        if exact is not None:
            scored += 1
            best = sorted(gains.values(), reverse=True)[:3]
            assert told == pytest.approx(best, abs=0.006)
    assert scored > 100


def gains_of(
    content: ContentAnalysis, delivery: DeliveryAnalysis, visual: VisualAnalysis
) -> dict[str, float]:
    """How much the score of the pitch rises if one item alone gets full marks, for each item."""
    before = score(content, delivery, visual, RUBRIC).exact or 0.0
    better: dict[str, float | None] = {}
    for item in content.items:
        if item.score is not None and item.score < 5:
            perfect = content.model_copy(
                update={
                    "items": [
                        one.model_copy(update={"score": 5}) if one is item else one
                        for one in content.items
                    ]
                }
            )
            better[item.name] = score(perfect, delivery, visual, RUBRIC).exact
    for name, one in delivery.scores.items():
        if one.value is not None and one.value < 10:
            better[name] = score(content, perfected(delivery, name), visual, RUBRIC).exact
    for name, one in visual.scores.items():
        if one.value is not None and one.value < 10:
            better[name] = score(content, delivery, perfected(visual, name), RUBRIC).exact
    return {name: (after or 0.0) - before for name, after in better.items()}

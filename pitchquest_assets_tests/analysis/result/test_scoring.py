import itertools
import random

import pytest

from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.result.scoring import OverallScore, score
from pitchquest_assets.model import (
    ContentAnalysis,
    DeliveryAnalysis,
    RubricItem,
    Score,
    VisualAnalysis,
)

RUBRIC = load_rubric()
ITEMS = list(RUBRIC.item_weights)
DELIVERY = [one.name for one in RUBRIC.delivery]
VISUAL = [one.name for one in RUBRIC.visual]
NO_WORDS = "no words"


def content_of(values: dict[str, int | None]) -> ContentAnalysis:
    items = [
        RubricItem(
            name=name,
            title=name,
            score=value,
            reason=None if value is not None else NO_WORDS,
            looked_for="",
        )
        for name, value in values.items()
    ]
    flat: dict[str, int | None] = dict.fromkeys(ITEMS) | values
    return ContentAnalysis.model_validate(flat | {"judge": "rules", "items": items})


def sub_scores_of(values: dict[str, float | None]) -> dict[str, Score]:
    return {
        name: Score(value=value, reason=None if value is not None else f"no {name}")
        for name, value in values.items()
    }


def delivery_of(values: dict[str, float | None]) -> DeliveryAnalysis:
    return DeliveryAnalysis(
        speaking_pace=None, vocal_confidence=None, measurements={}, scores=sub_scores_of(values)
    )


def visual_of(values: dict[str, float | None]) -> VisualAnalysis:
    return VisualAnalysis(
        frames_analyzed=0,
        body_language_score=None,
        detector=None,
        measurements={},
        scores=sub_scores_of(values),
    )


def score_of(
    content: dict[str, int | None],
    delivery: dict[str, float | None],
    visual: dict[str, float | None],
) -> OverallScore:
    return score(content_of(content), delivery_of(delivery), visual_of(visual), RUBRIC)


def all_at(share: float) -> OverallScore:
    return score_of(
        dict.fromkeys(ITEMS, round(5 * share)),
        dict.fromkeys(DELIVERY, 10 * share),
        dict.fromkeys(VISUAL, 10 * share),
    )


@pytest.mark.parametrize(("share", "overall"), [(0, 0), (0.2, 20), (0.6, 60), (1, 100)])
def test_equal_shares_everywhere_are_the_overall_score(share: float, overall: int) -> None:
    result = all_at(share)
    assert result.overall == overall
    assert result.coverage == 1.0
    assert {part.score for part in result.parts.values()} == {float(overall)}


def test_a_hand_computed_example() -> None:
    # content: ask 5 x 1/5 + the others 95 x 4/5 over 100 = 0.77; delivery: pace 7 x 0.8 over 7;
    # visual: nothing. Overall: (60 x 0.77 + 25 x 0.8) / 85 = 0.7788.
    # coverage: 0.6 x 1 + 0.25 x 7/25 = 0.67.
    items = dict.fromkeys(ITEMS, 4) | {"ask": 1}
    result = score_of(items, {"pace": 8.0, "fillers": None}, {"framing": None})
    assert result.overall == 78
    assert result.coverage == pytest.approx(0.67)
    assert result.parts["content"].score == 77.0
    assert result.parts["content"].coverage == 1.0
    assert result.parts["delivery"].score == 80.0
    assert result.parts["delivery"].coverage == pytest.approx(0.28)
    assert result.parts["visual"].score is None
    assert result.parts["visual"].reason == "no framing"


def test_half_a_point_is_rounded_up() -> None:
    # (60 x 0.6 + 25 x 0.753) / 85 = 0.645
    items = dict.fromkeys(ITEMS, 3)
    assert score_of(items, dict.fromkeys(DELIVERY, 7.53), {}).overall == 65
    assert score_of(items, dict.fromkeys(DELIVERY, 7.52), {}).overall == 64


def test_nothing_measurable_is_no_score() -> None:
    result = score_of(dict.fromkeys(ITEMS), dict.fromkeys(DELIVERY), {})
    assert result.overall is None
    assert result.coverage == 0.0
    assert result.parts["content"].reason == NO_WORDS
    assert result.parts["delivery"].reason == "no pace; no pauses; no fillers; no pitch_variety"
    assert result.parts["visual"].reason == "nothing of it was measured"


def test_without_content_there_is_no_overall_score() -> None:
    result = score_of({}, dict.fromkeys(DELIVERY, 9.0), dict.fromkeys(VISUAL, 7.3))
    assert result.overall is None
    assert result.reason == "the content could not be judged, and what is said counts most"
    assert result.parts["visual"].score == 73.0
    assert result.coverage == pytest.approx(0.4)


def test_below_a_coverage_of_60_percent_there_is_no_overall_score() -> None:
    items = dict.fromkeys(ITEMS, 4)
    assert score_of(items, {}, {}).overall == 80
    fewer = score_of(items | {"ask": None}, {}, {})
    assert fewer.overall is None
    assert fewer.reason == "only 57% of the rubric could be measured, and a score needs 60%"


def test_a_sub_score_that_the_rubric_does_not_list_changes_nothing() -> None:
    plain = score_of({}, {"pace": 4.0}, {})
    assert score_of({}, {"pace": 4.0, "loudness_variation": 10.0}, {}) == plain


def random_values(chance: random.Random) -> tuple[dict[str, int | None], ...]:
    def some(names: list[str], most: int) -> dict[str, int | None]:
        return {name: chance.choice([None, *range(most + 1)]) for name in names}

    return some(ITEMS, 5), some(DELIVERY, 10), some(VISUAL, 10)


@pytest.mark.parametrize("seed", range(20))
def test_scores_are_bounded_and_grow_with_every_sub_score(seed: int) -> None:
    values = random_values(random.Random(seed))
    before = score_of(*values)
    assert before.overall is None or 0 <= before.overall <= 100
    assert 0 <= before.coverage <= 1
    for index, most in enumerate((5, 10, 10)):
        for name, value in values[index].items():
            if value is not None and value < most:
                raised = [dict(part) for part in values]
                raised[index][name] = value + 1
                after = score_of(*raised)
                assert after.overall is not None
                assert before.overall is not None
                assert after.overall >= before.overall
                assert after.coverage == before.coverage


def test_coverage_grows_with_each_measured_score() -> None:
    counts = range(len(DELIVERY) + 1)
    covered = [score_of({}, dict.fromkeys(DELIVERY[:count], 5.0), {}).coverage for count in counts]
    assert all(left < right for left, right in itertools.pairwise(covered))
    assert covered[-1] == pytest.approx(0.25)

"""The overall score: how persuasive the pitch is, by the weights of the rubric.

At each level, the score is the weighted mean of what could be measured; the weights of the rest are
left out, so the others count for more. `coverage` is the share of the rubric that was measured, and
of the time that it was measured for: if half a video is slides, that of the picture is halved.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from pitchquest_assets.analysis.content.rubric import (
    MAX_ITEM_SCORE,
    MAX_SUB_SCORE,
    RubricDefinition,
    SubScore,
)
from pitchquest_assets.model import (
    ContentAnalysis,
    DeliveryAnalysis,
    Part,
    PartScore,
    Score,
    Value,
    VisualAnalysis,
)

# Delivery and picture together are 40 % of the rubric: no score without the content.
MIN_COVERAGE = 0.6


class OverallScore(Value):
    """The score of a pitch and of its parts."""

    overall: int | None = Field(ge=0, le=100)
    exact: float | None = Field(ge=0, le=100, description="the same before it is rounded")
    reason: str | None = Field(None, description="why there is no overall score")
    coverage: float = Field(ge=0, le=1, description="share of the rubric's weight measured")
    parts: dict[Part, PartScore]


@dataclass(frozen=True)
class WeightedScore:
    """One item or sub-score: its weight and its score as a share, 0–1, or why there is none.

    `covers` is the share of the time that it is about: no face is expected on slides.
    """

    name: str
    weight: float
    share: float | None
    reason: str | None = None
    covers: float = 1.0


def score(
    content: ContentAnalysis,
    delivery: DeliveryAnalysis,
    visual: VisualAnalysis,
    rubric: RubricDefinition,
) -> OverallScore:
    """Compute the overall score 0–100, the parts' scores 0–100 and the coverage 0–1.

    A part's score is 100 x the weighted mean of its measured items (score / 5) or sub-scores
    (score / 10). The overall score is the mean of the parts' scores, weighted by the parts'
    weights and rounded half up; there is none without content, nor below a coverage of 60 %.
    """
    weighted = weighted_scores(content, delivery, visual, rubric)
    means = {part: _mean(scores) for part, scores in weighted.items()}
    coverages = {part: _coverage(scores) for part, scores in weighted.items()}
    weights = rubric.part_weights
    overall = _mean(
        [WeightedScore(part, weights[part], mean, None) for part, mean in means.items()]
    )
    coverage = _share(sum(weights[part] * coverages[part] for part in weights), weights.values())
    reason = _why_unscored(means["content"], coverage)
    exact = None if overall is None or reason else 100 * overall
    return OverallScore(
        overall=None if exact is None else _half_up(exact),
        exact=exact,
        reason=reason,
        coverage=coverage,
        parts={
            part: PartScore(
                score=None if mean is None else round(100 * mean, 1),
                weight=weights[part],
                coverage=coverages[part],
                reason=_reason(weighted[part]) if mean is None else None,
            )
            for part, mean in means.items()
        },
    )


def _why_unscored(content: float | None, coverage: float) -> str | None:
    if content is None:
        return "the content could not be judged, and what is said counts most"
    if coverage < MIN_COVERAGE:
        measured = f"only {coverage:.0%} of the rubric could be measured"
        return f"{measured}, and a score needs {MIN_COVERAGE:.0%}"
    return None


def weighted_scores(
    content: ContentAnalysis,
    delivery: DeliveryAnalysis,
    visual: VisualAnalysis,
    rubric: RubricDefinition,
) -> dict[Part, list[WeightedScore]]:
    """Return the rubric's items and sub-scores with their scores as shares, by part."""
    return {
        "content": content_scores(content, rubric),
        "delivery": sub_scores(delivery.scores, rubric.delivery),
        "visual": sub_scores(visual.scores, rubric.visual),
    }


def worths(
    weighted: Mapping[Part, Sequence[WeightedScore]],
    rubric: RubricDefinition,
    *,
    has_overall: bool,
) -> dict[tuple[Part, str], float]:
    """Return how many points of 100 depend on each item and sub-score, by part and name.

    What could not be measured leaves its weight to the rest, as it does in the overall score;
    without such a score, the weights of the whole rubric count.
    """
    parts = {
        part: [one for one in scores if one.share is not None or not has_overall]
        for part, scores in weighted.items()
    }
    total = sum(rubric.part_weights[part] for part, scores in parts.items() if scores)
    return {
        (part, one.name): 100 * rubric.part_weights[part] / total * one.weight / weight
        for part, scores in parts.items()
        if (weight := sum(one.weight for one in scores))
        for one in scores
    }


def content_scores(content: ContentAnalysis, rubric: RubricDefinition) -> list[WeightedScore]:
    """Return the rubric's ten items with their scores as shares of 5."""
    found = {item.name: item for item in content.items}
    scores = []
    for name, weight in rubric.item_weights.items():
        item = found.get(name)
        value = None if item is None else item.score
        share = None if value is None else value / MAX_ITEM_SCORE
        scores.append(WeightedScore(name, weight, share, None if item is None else item.reason))
    return scores


def sub_scores(scores: Mapping[str, Score], listed: Sequence[SubScore]) -> list[WeightedScore]:
    """Return the rubric's sub-scores of one part with their scores as shares of 10."""
    weighted = []
    for sub_score in listed:
        found = scores.get(sub_score.name)
        value = None if found is None else found.value
        share = None if value is None else value / MAX_SUB_SCORE
        reason = None if found is None else found.reason
        covers = 1.0 if found is None else found.covers
        weighted.append(WeightedScore(sub_score.name, sub_score.weight, share, reason, covers))
    return weighted


def _mean(scores: Sequence[WeightedScore]) -> float | None:
    """The weighted mean of the known shares; None if there are none, or their weights are 0."""
    measured = [(one.weight, one.share) for one in scores if one.share is not None]
    total = sum(weight for weight, _ in measured)
    if total == 0:
        return None
    # Rounding errors must not push a perfect pitch above 1.
    return min(1.0, sum(weight * share for weight, share in measured) / total)


def _coverage(scores: Sequence[WeightedScore]) -> float:
    measured = sum(one.weight * one.covers for one in scores if one.share is not None)
    return _share(measured, [one.weight for one in scores])


def _share(amount: float, weights: Iterable[float]) -> float:
    total = sum(weights)
    return round(amount / total, 6) if total else 0.0


def _reason(scores: Sequence[WeightedScore]) -> str:
    """Why nothing of a part was measured: the reasons, each once."""
    reasons = dict.fromkeys(one.reason for one in scores if one.reason)
    return "; ".join(reasons) or "nothing of it was measured"


def _half_up(value: float) -> int:
    # 64.5 may be represented as 64.49999999999999.
    return math.floor(round(value, 6) + 0.5)

"""Picks the three strongest points and the three most useful improvements, with evidence.

Every item and sub-score has a share (its score, 0–1) and a worth (how many points of the overall
score depend on it, so that parts can be compared). Strengths have a share of 0.7 or more and are
ranked by worth x (share - 0.5), how far they lift the score above the middle. Improvements have a
share of 0.6 or less and are ranked by worth x (1 - share), the points that can still be gained.
What was not measured is neither.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pitchquest_assets.analysis.content.rubric import (
    ClarityItem,
    RubricDefinition,
    SpokenItem,
    SubScore,
    Text,
)
from pitchquest_assets.analysis.result.scoring import WeightedScore, content_scores, sub_scores
from pitchquest_assets.model import (
    ContentAnalysis,
    DeliveryAnalysis,
    Event,
    Evidence,
    Feedback,
    FeedbackLists,
    Part,
    RubricItem,
    Score,
    VisualAnalysis,
)

MAX_POINTS = 3
STRENGTH_SHARE = 0.7
IMPROVEMENT_SHARE = 0.6
MIDDLE_SHARE = 0.5

Kind = Literal["strength", "improvement"]


@dataclass(frozen=True)
class Point:
    """One measured item or sub-score, and what to say about it as a strength or improvement."""

    part: Part
    share: float
    worth: float
    strength: Text
    may_praise: bool
    improvement: Text
    evidence: Evidence

    def feedback(self, kind: Kind) -> Feedback:
        """Return it as a strength or as an improvement."""
        text = self.strength if kind == "strength" else self.improvement
        return Feedback(
            title=text.title, detail=text.detail, part=self.part, evidence=self.evidence
        )


def give_feedback(
    content: ContentAnalysis,
    delivery: DeliveryAnalysis,
    visual: VisualAnalysis,
    rubric: RubricDefinition,
) -> FeedbackLists:
    """Return up to three strengths and three improvements, the most important first."""
    cues = [delivery.speaking_pace] if delivery.speaking_pace else []
    points = [
        *_content_points(content, rubric),
        *_sub_score_points("delivery", delivery.scores, delivery.events, cues, rubric),
        *_sub_score_points("visual", visual.scores, visual.events, [], rubric),
    ]
    strong = sorted(
        (point for point in points if point.share >= STRENGTH_SHARE and point.may_praise),
        key=lambda point: -point.worth * (point.share - MIDDLE_SHARE),
    )
    weak = sorted(
        (point for point in points if point.share <= IMPROVEMENT_SHARE),
        key=lambda point: -point.worth * (1 - point.share),
    )
    return FeedbackLists(
        strengths=[point.feedback("strength") for point in strong[:MAX_POINTS]],
        improvements=[point.feedback("improvement") for point in weak[:MAX_POINTS]],
    )


def _content_points(content: ContentAnalysis, rubric: RubricDefinition) -> list[Point]:
    found = {item.name: item for item in content.items}
    rules = {item.name: item for item in rubric.all_items}
    scores = content_scores(content, rubric)
    points = []
    for one in scores:
        if one.share is not None:
            rule, item = rules[one.name], found[one.name]
            texts = rule.feedback
            points.append(
                Point(
                    part="content",
                    share=one.share,
                    worth=_worth("content", one, scores, rubric),
                    strength=_worded(texts.strength, rule, item, item.explanation),
                    may_praise=True,
                    improvement=_worded(
                        texts.weak if one.share else texts.absent, rule, item, _advice(item)
                    ),
                    evidence=_proof(item),
                )
            )
    return points


def _sub_score_points(
    part: Part,
    scores: Mapping[str, Score],
    events: Sequence[Event],
    cues: Sequence[str],
    rubric: RubricDefinition,
) -> list[Point]:
    listed = rubric.delivery if part == "delivery" else rubric.visual
    by_name = {sub_score.name: sub_score for sub_score in listed}
    weighted = sub_scores(scores, listed)
    points = []
    for one in weighted:
        if one.share is not None:
            rule = by_name[one.name]
            own = [event for event in events if event.kind in rule.events]
            frequent = [kind for kind, _ in Counter(event.kind for event in own).most_common()]
            points.append(
                Point(
                    part=part,
                    share=one.share,
                    worth=_worth(part, one, weighted, rubric),
                    strength=rule.strength,
                    may_praise=not scores[one.name].is_bound,
                    improvement=_improvement(rule, [*cues, *frequent]),
                    evidence=_evidence(scores[one.name], own, one.share),
                )
            )
    return points


def _worth(
    part: Part, one: WeightedScore, scores: Sequence[WeightedScore], rubric: RubricDefinition
) -> float:
    """How many points of the whole rubric depend on this score."""
    return rubric.part_weights[part] * one.weight / sum(score.weight for score in scores)


def _worded(
    text: Text, rule: SpokenItem | ClarityItem, item: RubricItem, judged: str | None
) -> Text:
    """The rubric's text; if a language model judged this pitch, its words replace the detail.

    A language model does not say which facts are missing.
    """
    return text.model_copy(update={"detail": judged}) if judged else _filled(text, rule, item)


def _advice(item: RubricItem) -> str | None:
    reworded = item.suggestion and f"You could say: “{item.suggestion}”"
    return " ".join(one for one in (item.explanation, reworded) if one) or None


def _filled(text: Text, rule: SpokenItem | ClarityItem, item: RubricItem) -> Text:
    missing = [advice for title, advice in rule.advice.items() if title not in item.found]
    detail = text.detail.replace("{found}", _listed(item.found)).replace(
        "{missing}", _listed(missing)
    )
    return text.model_copy(update={"detail": detail})


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names)


def _proof(item: RubricItem) -> Evidence:
    """The first evidence with a time; else the first one, or the number of signs."""
    timed = [one for one in item.evidence if one.time_seconds is not None]
    signs = Evidence(measurement=f"{len(item.found)} of the signs that were looked for")
    return next(iter(timed + item.evidence), signs)


def _improvement(rule: SubScore, cues: Sequence[str]) -> Text:
    held = (rule.improvement.cues[cue] for cue in cues if cue in rule.improvement.cues)
    return next(held, rule.improvement.otherwise)


def _evidence(score: Score, events: Sequence[Event], share: float) -> Evidence:
    """The measurement in words and a typical moment, or for a low score its longest event."""
    longest = max(events, key=lambda event: event.end_seconds - event.start_seconds, default=None)
    shown = longest is not None and share <= IMPROVEMENT_SHARE
    return Evidence(
        measurement=score.basis or f"{score.value:.1f} of 10",
        time_seconds=longest.start_seconds if longest is not None and shown else score.time_seconds,
    )

"""Picks up to three strengths and the three most useful improvements, with evidence.

Every item and sub-score has a share (its score, 0–1) and a worth (how many points of the overall
score depend on it). Improvements are what loses most: worth x (1 - share), the points that they
would bring. Strengths are the rest that have a share of 0.7 or more, ranked by
worth x (share - 0.5), how far they lift the score above the middle. Nothing is praised while one of
its measurements lies outside its reference, or while the events that speak against it last long.
What was not measured is neither.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pitchquest_assets.analysis.content.rubric import (
    MORE_PRECISELY,
    ClarityItem,
    RubricDefinition,
    SpokenItem,
    SubScore,
    Text,
)
from pitchquest_assets.analysis.references import bounds_of, side_of
from pitchquest_assets.analysis.result.scoring import score, weighted_scores, worths
from pitchquest_assets.model import (
    ContentAnalysis,
    DeliveryAnalysis,
    Event,
    Evidence,
    Feedback,
    FeedbackLists,
    Measurement,
    Part,
    RubricItem,
    Score,
    VisualAnalysis,
)

MAX_POINTS = 3
STRENGTH_SHARE = 0.7
MIDDLE_SHARE = 0.5
# Nothing is praised if what speaks against it takes more than this share of the time.
MAX_EVENT_SHARE = 0.2
# A content item has five levels; from this one up, a language model mostly praises.
GOOD_LEVEL = 4


@dataclass(frozen=True)
class Point:
    """What can be said of an item or sub-score: as a strength (if it is one) and to improve it."""

    strength: Text
    may_praise: bool
    proof: Evidence
    improvement: Text
    reason: Evidence


@dataclass(frozen=True)
class Candidate:
    """A measured item or sub-score."""

    part: Part
    share: float
    worth: float
    point: Point

    @property
    def gain(self) -> float:
        """The points that full marks would bring."""
        return self.worth * (1 - self.share)

    @property
    def lift(self) -> float:
        """How far it lifts the score above the middle, in points."""
        return self.worth * (self.share - MIDDLE_SHARE)

    def as_strength(self) -> Feedback:
        """Return it as a strength."""
        text = self.point.strength
        proof = self.point.proof
        return Feedback(title=text.title, detail=text.detail, part=self.part, evidence=proof)

    def as_improvement(self) -> Feedback:
        """Return it as an improvement, with its points."""
        text = self.point.improvement
        return Feedback(
            title=text.title,
            detail=text.detail,
            part=self.part,
            evidence=self.point.reason,
            points=round(self.gain, 2),
        )


def give_feedback(
    content: ContentAnalysis,
    delivery: DeliveryAnalysis,
    visual: VisualAnalysis,
    rubric: RubricDefinition,
) -> FeedbackLists:
    """Return up to three strengths and three improvements, the most important first.

    There are fewer improvements only where fewer items lose points.
    """
    weighted = weighted_scores(content, delivery, visual, rubric)
    overall = score(content, delivery, visual, rubric).overall
    worth = worths(weighted, rubric, has_overall=overall is not None)
    points = {
        **{("content", name): one for name, one in _content_points(content, rubric).items()},
        **{("delivery", name): one for name, one in _points_of(delivery, rubric.delivery).items()},
        **{("visual", name): one for name, one in _points_of(visual, rubric.visual).items()},
    }
    candidates = [
        Candidate(part, one.share, worth[part, one.name], points[part, one.name])
        for part, scores in weighted.items()
        for one in scores
        if one.share is not None
    ]
    losing = [one for one in candidates if one.gain > 0]
    weak = sorted(losing, key=lambda one: -one.gain)[:MAX_POINTS]
    strong = [
        one
        for one in candidates
        if one not in weak and one.share >= STRENGTH_SHARE and one.point.may_praise
    ]
    strong.sort(key=lambda one: -one.lift)
    return FeedbackLists(
        strengths=[one.as_strength() for one in strong[:MAX_POINTS]],
        improvements=[one.as_improvement() for one in weak],
    )


def _content_points(content: ContentAnalysis, rubric: RubricDefinition) -> dict[str, Point]:
    rules = {item.name: item for item in rubric.all_items}
    points = {}
    for item in content.items:
        rule = rules[item.name]
        texts, proof = rule.feedback, _proof(item)
        points[item.name] = Point(
            strength=_worded(texts.strength, rule, item, item.explanation),
            may_praise=True,
            proof=proof,
            improvement=_worded(
                texts.weak if item.score else texts.absent, rule, item, _advice(item)
            ),
            reason=proof,
        )
    return points


def _points_of(
    analysis: DeliveryAnalysis | VisualAnalysis, listed: Sequence[SubScore]
) -> dict[str, Point]:
    """The points of the sub-scores of a part, by name."""
    return {
        rule.name: _point_of(analysis, rule, analysis.scores[rule.name])
        for rule in listed
        if rule.name in analysis.scores
    }


def _point_of(analysis: DeliveryAnalysis | VisualAnalysis, rule: SubScore, found: Score) -> Point:
    own = [event for event in analysis.events if event.kind in rule.events]
    usual = all(side_of(one) is None for one in _measured(analysis, rule.measurements))
    against = _seconds(own) / max(_span(analysis), 0.001)
    cue = _cue(analysis, rule, found, own)
    shown = [event for event in own if event.kind == cue] or ([] if cue == "below" else own)
    basis = found.basis or (f"{found.value:.1f} of 10" if found.value is not None else "")
    longest = max(shown, key=_length, default=None)
    lasting = ""
    if isinstance(analysis, VisualAnalysis) and longest is not None and cue == longest.kind:
        lasting = f"; {longest.text} for {_seconds(shown):.0f} s"
    return Point(
        strength=rule.strength,
        may_praise=usual and against <= MAX_EVENT_SHARE and not found.is_bound,
        proof=Evidence(measurement=basis, time_seconds=_good_moment(analysis, rule, found, own)),
        improvement=rule.improvement.cues[cue] if cue else rule.improvement.otherwise,
        reason=Evidence(
            measurement=basis + lasting,
            time_seconds=found.time_seconds if longest is None else longest.start_seconds,
        ),
    )


def _measured(
    analysis: DeliveryAnalysis | VisualAnalysis, names: Sequence[str]
) -> list[Measurement]:
    return [analysis.measurements[name] for name in names if name in analysis.measurements]


def _cue(
    analysis: DeliveryAnalysis | VisualAnalysis, rule: SubScore, found: Score, own: Sequence[Event]
) -> str | None:
    """What picks the text of the improvement; None for the general one."""
    names = (found.measurement,) if found.measurement else rule.measurements
    sides = {side_of(one) for one in _measured(analysis, names)}
    lasted = {kind: _seconds([e for e in own if e.kind == kind]) for kind in rule.events}
    kinds = sorted({event.kind for event in own}, key=lambda kind: -lasted[kind])
    pace = analysis.speaking_pace if isinstance(analysis, DeliveryAnalysis) else None
    cues = [pace, "below" if "below" in sides else None, *kinds]
    cues.append("above" if "above" in sides else None)
    return next((cue for cue in cues if cue in rule.improvement.cues), None)


def _length(event: Event) -> float:
    return event.end_seconds - event.start_seconds


def _seconds(events: Sequence[Event]) -> float:
    """How long the events last together; overlaps count once."""
    total, reached = 0.0, -math.inf
    for event in sorted(events, key=lambda one: one.start_seconds):
        total += max(0.0, event.end_seconds - max(event.start_seconds, reached))
        reached = max(reached, event.end_seconds)
    return total


def _span(analysis: DeliveryAnalysis | VisualAnalysis) -> float:
    """When the last thing that we know about the video happens, in seconds."""
    times = [time for series in analysis.timeline.values() for time in series.times_seconds[-1:]]
    return max([*times, *(event.end_seconds for event in analysis.events)], default=0.0)


def _good_moment(
    analysis: DeliveryAnalysis | VisualAnalysis, rule: SubScore, found: Score, own: Sequence[Event]
) -> float | None:
    """The typical moment of a score, unless what speaks against it happens just then."""
    at = found.time_seconds
    if at is None or any(one.start_seconds <= at <= one.end_seconds for one in own):
        return None
    for name in rule.measurements:
        series, measured = analysis.timeline.get(name), analysis.measurements.get(name)
        if series is None or measured is None or not series.times_seconds:
            continue
        nearest = min(
            range(len(series.times_seconds)), key=lambda n: abs(series.times_seconds[n] - at)
        )
        value = series.values[nearest]
        if value is not None and bounds_of(measured.reference).side(value) is not None:
            return None
    return at


def _worded(
    text: Text, rule: SpokenItem | ClarityItem, item: RubricItem, judged: str | None
) -> Text:
    """The rubric's text; if a language model judged this pitch, its words replace the detail.

    A language model does not say which facts are missing.
    """
    return text.model_copy(update={"detail": judged}) if judged else _filled(text, rule, item)


def _advice(item: RubricItem) -> str | None:
    advice = item.suggestion and f"You could say: “{item.suggestion}”"
    if item.explanation and not advice and (item.score or 0) >= GOOD_LEVEL:
        advice = f"For full marks, {MORE_PRECISELY}."
    return " ".join(one for one in (item.explanation, advice) if one) or None


def _filled(text: Text, rule: SpokenItem | ClarityItem, item: RubricItem) -> Text:
    missing = [advice for title, advice in rule.advice.items() if title not in item.found]
    detail = text.detail.replace("{found}", "; ".join(item.found) or rule.title)
    detail = detail.replace("{missing}", "; ".join(missing) or rule.nothing_missing)
    return text.model_copy(update={"detail": detail})


def _proof(item: RubricItem) -> Evidence:
    """The first evidence with a time; else the first one, or the number of signs."""
    timed = [one for one in item.evidence if one.time_seconds is not None]
    signs = Evidence(measurement=f"{len(item.found)} of the signs that were looked for")
    return next(iter(timed + item.evidence), signs)

"""What every judge of the content shares: what it may read, and how its items become a value."""

from collections.abc import Iterable, Sequence
from typing import Any

from pitchquest_assets.analysis.content.rubric import (
    ClarityItem,
    RubricDefinition,
    SpokenItem,
    compiled,
)
from pitchquest_assets.model import ContentAnalysis, RubricItem, Transcript


def unreadable(transcript: Transcript) -> str | None:
    """Why nobody can judge this transcript; None where it can be judged."""
    if not transcript.trusted:
        return transcript.reason or "there is no transcript that can be trusted"
    if not any(word.text.strip() for word in transcript.words):
        return "nothing was said"
    return None


def unscored(item: SpokenItem | ClarityItem, reason: str) -> RubricItem:
    """The item as null, with the reason."""
    return RubricItem(
        name=item.name, title=item.title, score=None, reason=reason, looked_for=item.looked_for
    )


def any_matches(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the rubric's patterns is in a text in plain form."""
    return any(compiled(pattern).search(text) for pattern in patterns)


def addresses_the_judge(text: str, rubric: RubricDefinition) -> bool:
    """Whether a text in plain form talks to the judge: asks for points, gives instructions."""
    return any_matches(rubric.ignored_sentences, text)


def content_of(items: Sequence[RubricItem], judge: str, **details: Any) -> ContentAnalysis:
    """The items, repeated as flat fields: an item's name is its field."""
    return ContentAnalysis.model_validate(
        {item.name: item.score for item in items} | {"judge": judge, "items": items} | details
    )

"""Shared by all judges of the content: which transcripts they may read, and what they return."""

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
    """Return why no judge can read this transcript; None if it can be judged."""
    if not transcript.trusted:
        return transcript.reason or "there is no transcript that can be trusted"
    if not any(word.text.strip() for word in transcript.words):
        return "nothing was said"
    return None


def unscored(item: SpokenItem | ClarityItem, reason: str) -> RubricItem:
    """Return the item with a null score and the reason."""
    return RubricItem(
        name=item.name, title=item.title, score=None, reason=reason, looked_for=item.looked_for
    )


def any_matches(patterns: Iterable[str], text: str) -> bool:
    """Whether any of the rubric's patterns matches a text in plain form (`sentences.plain`)."""
    return any(compiled(pattern).search(text) for pattern in patterns)


def addresses_the_judge(text: str, rubric: RubricDefinition) -> bool:
    """Whether a text in plain form addresses the judge: asks for points or gives instructions."""
    return any_matches(rubric.ignored_sentences, text)


def content_of(items: Sequence[RubricItem], judge: str, **details: Any) -> ContentAnalysis:
    """Build the value from the items; each score is repeated in the flat field of its name."""
    return ContentAnalysis.model_validate(
        {item.name: item.score for item in items} | {"judge": judge, "items": items} | details
    )

"""The facts that make the level of an item, by the anchors of prompts/content_judge.yaml.

training/content/GUIDE.md says when a sentence states a fact.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

# By item, in the order of the levels that they reach.
FACTS: Mapping[str, tuple[str, ...]] = {
    "problem_clarity": ("hint", "what", "who", "size", "cause"),
    "solution_fit": ("offer", "kind", "does", "how", "gain", "removes"),
    "market_opportunity": ("mention", "who", "large", "figure", "spend", "narrowed"),
    "why_now": ("claim", "change", "tied", "date", "insight"),
    "competition": ("others", "named", "difference", "matters", "lasts"),
    "business_model": ("earn", "payer", "charge", "price", "margin"),
    "traction": ("plan", "reached", "figure", "growth", "second"),
    "team": ("mention", "person", "bearing", "record", "why_us"),
    "ask": ("invite", "want", "amount", "use", "by_when"),
}
# What each of the levels 2 to 5 needs: all words, of which a|b means either. Any fact makes 1.
# `described` and `two` are no facts of a sentence: see `level_of`.
_NEEDS: Mapping[str, tuple[str, str, str, str]] = {
    "problem_clarity": ("what", "what who", "what who size", "what who size cause"),
    "solution_fit": (
        "kind|does|how|gain|removes",
        "kind|how|gain does|gain|removes|how",
        "kind|does how|gain",
        "kind|does how|gain described",
    ),
    "market_opportunity": (
        "who|large|figure|spend",
        "figure|spend",
        "spend",
        "figure|spend narrowed",
    ),
    "why_now": ("change", "change tied|date|insight", "change date", "change date insight"),
    "competition": (
        "named|difference|matters",
        "difference|matters",
        "named|difference matters",
        "named|difference matters lasts",
    ),
    "business_model": (
        "payer|charge|price|margin",
        "payer|price charge|price",
        "price",
        "price margin",
    ),
    "traction": ("reached|figure|growth|second", "figure", "figure growth", "figure growth second"),
    "team": ("person|bearing|record", "bearing|record", "record|two", "record|two why_us"),
    "ask": ("want|amount|use", "amount", "amount use", "amount use by_when"),
}


class Fact(NamedTuple):
    """A fact that a sentence states."""

    item: str
    name: str


def level_of(item: str, by_sentence: Sequence[Collection[str]], *, described: bool) -> int:
    """Return the level, 0 to 5, that an item's facts reach.

    Args:
        by_sentence: the names of the item's facts in each sentence that states any.
        described: whether the pitch says what goes wrong; a solution can remove only that.
    """
    stated = {fact for facts in by_sentence for fact in facts}
    if not stated:
        return 0
    if described:
        stated.add("described")
    # Two people with a background that bears on the venture are as good as one with a record.
    if sum("bearing" in facts or "record" in facts for facts in by_sentence) > 1:
        stated.add("two")
    reached = 1
    for level, needs in enumerate(_NEEDS[item], 2):
        if all(not stated.isdisjoint(either.split("|")) for either in needs.split()):
            reached = level
    return reached

"""Figures that cannot be true as they were said: some contradict each other, some are impossible.

A doubt changes no score. It becomes a warning, with the figures that it is about.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pitchquest_assets.analysis.content.figures import Figure, figures_of
from pitchquest_assets.analysis.content.reading import Shown

# By these factors, no pitch of the corpus has a small and a large plan, or a sum and its parts.
PRICES_DIFFER, ASKS_DIFFER = 20.0, 1.5
# Less is a count of something else, such as "two of you".
LEAST_ASKED = 1_000
# About what the world makes in a year, in dollars, euros or pounds, and how many people it has.
MOST_MONEY, MOST_PEOPLE = 110e12, 8.3e9
SMALL_MONEY = frozenset("rupee rupees rs rupiah won yen dong naira".split())
PERIODS = frozenset("second minute hour day night week month quarter term season year".split())
PEOPLE = frozenset(
    "people persons customers users households families women men children adults patients "
    "humans subscribers buyers consumers players students".split()
)
# Nobody can have, serve or sell more than all of these.
WHOLES = PEOPLE | frozenset(
    "shares equity company homes houses schools hospitals farmers companies businesses "
    "restaurants hotels doctors nurses clinics teachers parents drivers".split()
)
NEAR_WORDS = 4
# Above, a share is two figures in a row, such as "three hundred thousand, ten percent".
ALL_PERCENT, MOST_PERCENT = 100.0, 10_000.0


class Doubt(NamedTuple):
    """Why the figures of a sentence are doubted, and which sentence it is."""

    reason: str
    sentence: int


def doubts(texts: Sequence[str], shown: Mapping[str, Sequence[Shown]]) -> list[Doubt]:
    """Return what is doubted in a text's sentences, in order; at most one doubt a sentence.

    Args:
        shown: the sentences that show each item, as `reading.read` returns them.
    """
    prices = _places(shown["business_model"], "price")
    asks = _places(shown["ask"], "amount")
    found = [
        *_contradictions("price", texts, prices, _price, PRICES_DIFFER),
        *_contradictions("ask", texts, asks, _asked, ASKS_DIFFER),
        *_impossible(texts),
    ]
    return sorted({one.sentence: one for one in found}.values(), key=lambda one: one.sentence)


def _places(shown: Sequence[Shown], fact: str) -> list[int]:
    return [one.sentence for one in shown if fact in one.facts]


def _contradictions(
    what: str,
    texts: Sequence[str],
    places: Sequence[int],
    named: Callable[[str], tuple[str, Figure] | None],
    factor: float,
) -> Iterator[Doubt]:
    """A later figure of the same kind that is so many times the smaller of the two."""
    first: dict[str, Figure] = {}
    for at in places:
        if not (found := named(texts[at])):
            continue
        unit, figure = found
        before = first.setdefault(unit, figure)
        low, high = sorted((before.value or 1.0, figure.value or 1.0))
        if high >= factor * low:
            yield Doubt(f"the {what} is first “{before.said}”, then “{figure.said}”", at)


def _price(text: str) -> tuple[str, Figure] | None:
    """The first sum of money of a sentence, by the period that it is paid for."""
    for figure in figures_of(text):
        if figure.kind == "#money" and figure.value:
            return next((word for word in figure.after[:3] if word in PERIODS), ""), figure
    return None


def _asked(text: str) -> tuple[str, Figure] | None:
    """The first sum of a sentence that is large enough to be asked for."""
    for figure in figures_of(text):
        if figure.kind in ("#money", "#many") and (figure.value or 0.0) >= LEAST_ASKED:
            return "", figure
    return None


def _impossible(texts: Sequence[str]) -> Iterator[Doubt]:
    for at, text in enumerate(texts):
        for figure in figures_of(text):
            if _exceeds_the_world(figure):
                yield Doubt(f"“{figure.said}” is more than there can be", at)


def _exceeds_the_world(figure: Figure) -> bool:
    """Whether there is less of everything: of a whole, of money, of people."""
    near, value = figure.after[:NEAR_WORDS], figure.value or 0.0
    if figure.kind == "#share":
        of_a_whole = near[:1] == ("of",) and not WHOLES.isdisjoint(near)
        return of_a_whole and ALL_PERCENT < value < MOST_PERCENT
    if figure.kind == "#money":
        return value > MOST_MONEY and SMALL_MONEY.isdisjoint(figure.said.split())
    return value > MOST_PEOPLE and not PEOPLE.isdisjoint(near[:2])

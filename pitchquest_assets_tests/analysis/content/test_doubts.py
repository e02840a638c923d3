import pytest

from pitchquest_assets.analysis.content.doubts import doubts
from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.reading import Shown


def reasons(texts: list[str], item: str = "ask", fact: str = "amount") -> list[str]:
    """The doubts in sentences that all state the fact."""
    shown = {name: [] for name in FACTS} | {
        item: [Shown(at, frozenset({fact}), 0.9) for at in range(len(texts))]
    }
    return [one.reason for one in doubts(texts, shown)]


def test_two_prices_far_apart_contradict_each_other() -> None:
    texts = ["It costs two dollars.", "Our price is two hundred dollars, and that is final."]
    assert reasons(texts, "business_model", "price") == [
        "the price is first “two dollars”, then “two hundred dollars”"
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ["Small shops pay 29 dollars a month.", "Chains pay 400 dollars a month."],
        ["A bead costs 40 dollars.", "The service is two dollars a year."],
        ["It costs two hundred dollars.", "Two hundred dollars, once."],
    ],
)
def test_plans_and_prices_for_other_periods_do_not(texts: list[str]) -> None:
    assert reasons(texts, "business_model", "price") == []


def test_two_different_asks_contradict_each_other() -> None:
    texts = ["We want two million pounds.", "So it's ninety thousand dollars for a freezer."]
    assert len(reasons(texts)) == 1
    assert reasons(["We want 150 000 for 12 percent.", "That is $150,000 for the two of us."]) == []


@pytest.mark.parametrize(
    "text",
    [
        "The market is nine hundred percent of all people.",
        "For 40,000 euros you receive 210 per cent of our shares.",
        "We have sold to eleven billion customers since lunch.",
        "It is worth 900 trillion dollars a year.",
    ],
)
def test_figures_larger_than_the_world_are_doubted(text: str) -> None:
    (reason,) = reasons([text], "traction", "figure")
    assert reason.endswith("is more than there can be")


@pytest.mark.parametrize(
    "text",
    [
        "We grew three hundred percent in a year.",
        "We reached 140 percent of last year's sales.",
        "It's three hundred thousand, ten percent of the company.",
        "The market of tea is 900 trillion rupiah.",
        "Forty billion bottles are thrown away.",
        "Four billion people have a phone.",
    ],
)
def test_growth_and_large_true_figures_are_not(text: str) -> None:
    assert reasons([text], "traction", "figure") == []

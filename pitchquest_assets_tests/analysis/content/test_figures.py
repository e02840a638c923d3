import pytest

from pitchquest_assets.analysis.content.figures import figures_of


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("two hundred dollars apiece", "#money", 200),
        ("we want $1.5 million", "#money", 1_500_000),
        ("two crore eighty lakh rupees", "#money", 28_000_000),
        ("seventy-five grand", "#money", 75_000),
        ("one million two hundred thousand people", "#many", 1_200_000),
        ("150 000 villagers", "#many", 150_000),
        ("39 95 dollars a set", "#money", 39.95),
        ("half a million Americans", "#many", 500_000),
        ("four point seven percent", "#share", 4.7),
        ("six hundred and forty-two litres", "#many", 642),
        ("in 2023 it began", "#year", 2023),
        ("four ninety-nine dollars", "#money", None),
    ],
)
def test_a_figure_has_its_value_or_none_where_it_is_not_sure(
    text: str, kind: str, value: float | None
) -> None:
    (figure,) = figures_of(text)
    assert figure.kind == kind
    assert figure.value == (None if value is None else pytest.approx(value))


def test_a_figure_is_shown_as_it_was_said_with_the_words_behind_it() -> None:
    money, share = figures_of("It costs $ 20 a month, and 5 % of it is ours.")
    assert (money.said, money.after[:2]) == ("$20", ("a", "month"))
    assert share.said == "5%"

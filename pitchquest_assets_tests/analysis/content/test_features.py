import pytest

from pitchquest_assets.analysis.content.features import features_of, tokens_of


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("We charge $12 a month", "we charge #money a month"),
        ("two crore eighty lakh rupees", "#money"),
        ("it costs Rs 500", "it costs rs #money"),
        ("seventy-five grand for fifteen per cent", "#money for #share"),
        ("150 000 for 12 percent of it", "#many for #share of it"),
        ("in 2023 we had 12 clinics", "in #year we had #few clinics"),
        ("a hundred and eighty quid", "#money"),
        ("one of them, um, paid in May", "one of them paid in may"),
    ],
)
def test_figures_become_their_kind_and_fillers_go(text: str, tokens: str) -> None:
    assert " ".join(tokens_of(text)) == tokens


def test_a_sentence_knows_its_neighbours_and_its_place() -> None:
    first, middle, last = features_of(["We sell soap.", "It is cheap.", "Why not?"])
    assert {"<soap", ">why", "it is", "^ it"} <= middle
    assert "@first" in first
    assert {"@last", "@asks"} <= last
    assert not {feature for feature in first if feature.startswith("<")}

import pytest

from pitchquest_assets.analysis.content.facts import FACTS, level_of
from pitchquest_assets.analysis.content.rubric import load_rubric


@pytest.mark.parametrize(
    ("item", "sentences", "level"),
    [
        ("problem_clarity", [], 0),
        ("problem_clarity", [{"hint"}], 1),
        ("problem_clarity", [{"what", "size"}], 2),
        ("problem_clarity", [{"what"}, {"who"}], 3),
        ("problem_clarity", [{"what", "who"}, {"size"}, {"cause"}], 5),
        ("solution_fit", [{"kind"}], 2),
        ("solution_fit", [{"kind", "does"}], 3),
        ("solution_fit", [{"kind"}, {"does", "how"}], 4),
        ("market_opportunity", [{"who"}, {"spend"}, {"narrowed"}], 5),
        ("why_now", [{"change", "date"}], 4),
        ("competition", [{"named"}, {"matters"}, {"lasts"}], 5),
        ("business_model", [{"payer"}], 2),
        ("business_model", [{"price"}], 4),
        ("traction", [{"plan"}], 1),
        ("traction", [{"figure", "growth"}], 4),
        ("team", [{"bearing"}], 3),
        ("ask", [{"want"}, {"use"}], 2),
        ("ask", [{"amount"}, {"use"}, {"by_when"}], 5),
    ],
)
def test_facts_add_up_to_the_level_whose_description_they_meet(
    item: str, sentences: list[set[str]], level: int
) -> None:
    assert level_of(item, sentences, described=False) == level


def test_a_solution_removes_only_a_problem_that_was_described() -> None:
    facts = [{"kind", "does", "how"}]
    assert level_of("solution_fit", facts, described=True) == 5
    assert level_of("solution_fit", facts, described=False) == 4


def test_two_people_who_fit_are_as_good_as_one_with_a_record() -> None:
    two = [{"bearing"}, {"bearing"}]
    assert level_of("team", two, described=False) == 4
    assert level_of("team", [{"record"}], described=False) == 4


def test_the_rubric_speaks_only_of_facts_that_there_are() -> None:
    for item in load_rubric().items:
        assert set(item.facts) <= set(FACTS[item.name])

from typing import Any

import pytest
from pydantic import ValidationError

from pitchquest_assets.analysis.content.rubric import (
    RubricDefinition,
    compiled,
    load_rubric,
)
from pitchquest_assets.model import ContentAnalysis

SPOKEN = {
    "problem_clarity": 15,
    "solution_fit": 15,
    "market_opportunity": 12,
    "why_now": 8,
    "competition": 10,
    "business_model": 10,
    "traction": 10,
    "team": 10,
    "ask": 5,
}


def test_the_weights_are_those_of_the_metrics() -> None:
    rubric = load_rubric()
    assert rubric.part_weights == {"content": 60, "delivery": 25, "visual": 15}
    assert rubric.item_weights == SPOKEN | {"clarity": 5}
    assert sum(one.weight for one in rubric.delivery) == 25
    assert sum(one.weight for one in rubric.visual) == 15


def test_every_item_is_a_field_of_the_content_analysis() -> None:
    assert set(load_rubric().item_weights) < set(ContentAnalysis.model_fields)


def test_every_fact_of_a_spoken_item_has_a_title_of_its_own() -> None:
    for item in load_rubric().items:
        assert len(item.advice) == len(item.facts) >= 3, item.name


def test_an_unknown_rubric_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        load_rubric("pitch_v0")


def test_every_pattern_compiles() -> None:
    rubric = load_rubric()
    found = [*rubric.ignored_sentences, *rubric.clarity.fillers, *rubric.clarity.jargon]
    assert len(found) > 40
    for pattern in found:
        compiled(pattern)


def test_two_items_of_one_name_are_refused() -> None:
    data: dict[str, Any] = load_rubric().model_dump(by_alias=True)
    data["delivery"] = [data["delivery"][0], data["delivery"][0]]
    with pytest.raises(ValidationError, match="names must differ"):
        RubricDefinition.model_validate(data)

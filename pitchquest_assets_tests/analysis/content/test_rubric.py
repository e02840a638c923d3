from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from pitchquest_assets.analysis.content.rubric import (
    PATTERN_KEYS,
    RubricDefinition,
    compiled,
    load_rubric,
    spell_out,
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


def test_every_spoken_item_has_at_least_five_signs_and_an_anchor() -> None:
    for item in load_rubric().items:
        assert len(item.signs) >= 5, item.name
        assert any(sign.anchors for sign in item.signs), item.name
        assert all(sign.anchors or sign.patterns for sign in item.signs), item.name


def test_the_context_names_items_of_the_rubric() -> None:
    rubric = load_rubric()
    assert set(rubric.pitch_context.one_of) <= {item.name for item in rubric.items}


def test_an_unknown_rubric_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        load_rubric("pitch_v0")


@pytest.mark.parametrize(
    ("patterns", "fragments", "message"),
    [
        (["{nowhere}"], {}, "'nowhere' is not defined"),
        (["{late}"], {"late": "{later}", "later": "x"}, "'later' is not defined"),
    ],
)
def test_a_broken_pattern_is_refused_when_the_rubric_is_loaded(
    patterns: list[str], fragments: dict[str, str], message: str
) -> None:
    data = load_rubric().model_dump(by_alias=True)
    data["ignored_sentences"], data["fragments"] = patterns, fragments
    with pytest.raises(ValidationError, match=message):
        RubricDefinition.model_validate(data)


def test_every_pattern_compiles() -> None:
    def patterns(node: Any) -> Iterator[str]:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key in PATTERN_KEYS and not isinstance(value, str):
                yield from value
            elif isinstance(value, dict | list | tuple):
                yield from patterns(value)

    found = list(patterns(load_rubric().model_dump(by_alias=True)))
    assert len(found) > 300
    for pattern in found:
        compiled(pattern)


def test_two_items_of_one_name_are_refused() -> None:
    data: dict[str, Any] = load_rubric().model_dump(by_alias=True)
    data["delivery"] = [data["delivery"][0], data["delivery"][0]]
    with pytest.raises(ValidationError, match="names must differ"):
        RubricDefinition.model_validate(data)


@pytest.fixture(scope="module")
def fragments() -> dict[str, str]:
    """The fragments of the rubric file, spelled out."""
    source = resources.files("pitchquest_assets") / "rubrics" / "pitch_v1.yaml"
    known: dict[str, str] = {}
    for name, pattern in yaml.safe_load(source.read_text(encoding="utf-8"))["fragments"].items():
        known[name] = spell_out(pattern, known)
    return known


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        (
            "money",
            "or two hundred and forty million dollars",
            "two hundred and forty million dollars",
        ),
        ("money", "worth $240m today", "$240m"),
        ("money", "we charge $1,500.50 a month", "$1,500.50"),
        ("money", "€3 million in sales", "€3 million"),
        ("money", "six grand a month", "six grand"),
        ("money", "at just eur 15 per node", "eur 15"),
        ("money", "half a million euros", "half a million euros"),
        ("money", "two pounds of flour", None),
        ("money", "one person, one vote", None),
        ("percent", "twenty percent of it", "twenty percent"),
        ("percent", "grew 18% in may", "18%"),
        ("percent", "we take one percent", "one percent"),
        ("percent", "one in four closes", "one in four"),
        ("percent", "3x faster", "3x"),
        ("big", "190,000 companies", "190,000"),
        ("big", "three and a half million drivers", "million"),
        ("big", "in 2023 it was", None),
        ("every", "four dollars a month", "a month"),
        ("every", "18% month over month", "month over month"),
    ],
)
def test_amounts_are_read_in_words_and_in_digits(
    fragments: dict[str, str], name: str, text: str, found: str | None
) -> None:
    match = compiled(fragments[name]).search(text)
    assert (match[0] if match else None) == found

"""The rubric by which a pitch is scored, read from a versioned YAML file of the package.

`rubrics/pitch_v2.yaml` explains its own fields.
"""

import re
from functools import cache
from importlib import resources
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from pitchquest_assets.model import Part, Value

MAX_ITEM_SCORE = 5
MAX_SUB_SCORE = 10
# The advice for an item that lacks no fact.
MORE_PRECISELY = "say it more precisely, with a number, a name or a date"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile the pattern so that it matches whole words of a plain text (`sentences.plain`)."""
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")


Pattern = str
Weight = Annotated[float, Field(gt=0)]


class Text(Value):
    """A title and advice in plain words; `{found}` and `{missing}` are placeholders."""

    title: str
    detail: str


class Fact(Value):
    """One fact that makes the level of an item: its name in a list, and the advice to add it."""

    title: str
    advice: str


class ItemFeedback(Value):
    """The texts for an item that is strong, weak or absent."""

    strength: Text
    weak: Text
    absent: Text


class SpokenItem(Value):
    """One of the nine items that are found in sentences; `name` is its field in ContentAnalysis."""

    name: str
    title: str
    weight: Weight
    looked_for: str
    facts: dict[str, Fact]
    nothing_missing: str = MORE_PRECISELY
    feedback: ItemFeedback

    @property
    def advice(self) -> dict[str, str]:
        """The advice for each fact that is missing, by the fact's title."""
        return {fact.title: fact.advice for fact in self.facts.values()}


class ClaritySigns(Value):
    """The names of the signs of clarity."""

    subject_first: str
    told: str
    concrete: str
    order: str
    straight_on: str
    to_the_point: str
    short_sentences: str
    said_once: str
    plain_words: str


class ClarityItem(Value):
    """The tenth item, judged from the text as a whole."""

    name: str
    title: str
    weight: Weight
    looked_for: str
    minimum_items: int
    subject_within_seconds: float
    min_solution_level: int = Field(ge=1, le=MAX_ITEM_SCORE)
    min_sum_of_levels: int
    min_share_in_order: float = Field(gt=0, le=1)
    max_items_gone_back_to: int
    min_share_of_sentences: float = Field(gt=0, le=1)
    max_mean_sentence_words: float
    max_repeated_share: float
    max_fillers_per_100_words: float
    max_jargon_per_100_words: float
    fillers: tuple[Pattern, ...]
    jargon: tuple[Pattern, ...]
    signs: ClaritySigns = Field(alias="sign_names")
    nothing_missing: str
    feedback: ItemFeedback

    @property
    def advice(self) -> dict[str, str]:
        """The names of all signs, which are advice as they stand."""
        return {name: name for name in self.signs.model_dump().values()}


class Improvement(Value):
    """The text for a low sub-score: that of the first cue that applies, else the general one."""

    otherwise: Text
    cues: dict[str, Text] = {}


class SubScore(Value):
    """One sub-score that counts towards delivery or visual."""

    name: str
    weight: Weight
    measurements: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    strength: Text
    improvement: Improvement


class RubricDefinition(Value):
    """A whole rubric."""

    name: str
    version: str
    part_weights: dict[Part, Weight]
    ignored_sentences: tuple[Pattern, ...]
    items: tuple[SpokenItem, ...]
    clarity: ClarityItem
    delivery: tuple[SubScore, ...]
    visual: tuple[SubScore, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for scores in (self.all_items, self.delivery, self.visual):
            names = [one.name for one in scores]
            if len(set(names)) < len(names):
                raise ValueError(f"names must differ from each other: {names}")
        return self

    @property
    def all_items(self) -> tuple[SpokenItem | ClarityItem, ...]:
        """The nine spoken items and clarity."""
        return (*self.items, self.clarity)

    @property
    def item_weights(self) -> dict[str, float]:
        """The weights by item name."""
        return {item.name: item.weight for item in self.all_items}


@cache
def load_rubric(name: str = "pitch_v2") -> RubricDefinition:
    """Load a rubric of the package by its name, the file's name without .yaml.

    Raises:
        FileNotFoundError: the package has no such rubric.
        pydantic.ValidationError: the file does not follow the schema.
    """
    source = resources.files("pitchquest_assets") / "rubrics" / f"{name}.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(source.read_text(encoding="utf-8"), Loader=loader)
    return RubricDefinition.model_validate(document)

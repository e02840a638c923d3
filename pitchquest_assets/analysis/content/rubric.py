"""The rubric by which a pitch is scored, read from a versioned YAML file of the package.

`rubrics/pitch_v1.yaml` explains its own fields. A missing fragment raises pydantic's
ValidationError. Patterns are compiled at first use: compiling all takes a third of a second.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, model_validator

from pitchquest_assets.model import Part, Value

MAX_ITEM_SCORE = 5
MAX_SUB_SCORE = 10

_FRAGMENT = re.compile(r"\{([a-z][a-z0-9_]*)\}")


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


class Sign(Value):
    """One named sign of an item, as patterns on sentences."""

    name: str
    anchors: tuple[Pattern, ...] = Field((), description="show the item on their own")
    patterns: tuple[Pattern, ...] = Field((), description="count near a sentence with an anchor")
    reach: int = Field(1, ge=0, description="how many sentences after an anchor they count")
    reach_before: int = Field(0, ge=0, description="how many sentences before an anchor")
    shared: bool = Field(False, description="may be in a sentence with an anchor of another item")
    unless: tuple[Pattern, ...] = Field((), description="exclude the sentence for this sign")


class ItemFeedback(Value):
    """The texts for an item that is strong, weak or absent."""

    strength: Text
    weak: Text
    absent: Text


class SpokenItem(Value):
    """One of the nine items that are found by signs; `name` is its field in ContentAnalysis."""

    name: str
    title: str
    weight: Weight
    looked_for: str
    signs: tuple[Sign, ...]
    unless: tuple[Pattern, ...] = ()
    negation_counts: bool = False
    feedback: ItemFeedback

    @property
    def sign_names(self) -> tuple[str, ...]:
        """The names of all signs, in the order of the file."""
        return tuple(sign.name for sign in self.signs)


class ClaritySigns(Value):
    """The names of the five signs of clarity."""

    short_sentences: str
    problem_first: str
    ask_last: str
    signposts: str
    plain_words: str


class ClarityItem(Value):
    """The tenth item, judged from the text as a whole."""

    name: str
    title: str
    weight: Weight
    looked_for: str
    minimum_items: int
    max_mean_sentence_words: float
    ask_in_last_share: float = Field(gt=0, le=1)
    min_signposts: int
    max_fillers_per_100_words: float
    max_jargon_per_100_words: float
    signposts: tuple[Pattern, ...]
    fillers: tuple[Pattern, ...]
    jargon: tuple[Pattern, ...]
    signs: ClaritySigns = Field(alias="sign_names")
    feedback: ItemFeedback

    @property
    def sign_names(self) -> tuple[str, ...]:
        """The names of all signs."""
        return tuple(self.signs.model_dump().values())


class PitchContext(Value):
    """How to distinguish a pitch from any other text."""

    one_of: tuple[str, ...]
    minimum_items: int
    patterns: tuple[Pattern, ...]


class Improvement(Value):
    """The text for a low sub-score: that of the first cue that applies, else the general one."""

    otherwise: Text
    cues: dict[str, Text] = {}


class SubScore(Value):
    """One sub-score that counts towards delivery or visual."""

    name: str
    weight: Weight
    events: tuple[str, ...] = ()
    strength: Text
    improvement: Improvement


class RubricDefinition(Value):
    """A whole rubric, with the fragments in its patterns filled in."""

    name: str
    version: str
    part_weights: dict[Part, Weight]
    ignored_sentences: tuple[Pattern, ...]
    pitch_context: PitchContext
    items: tuple[SpokenItem, ...]
    clarity: ClarityItem
    delivery: tuple[SubScore, ...]
    visual: tuple[SubScore, ...]

    @model_validator(mode="before")
    @classmethod
    def _spell_out_fragments(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "fragments" not in data:
            return data
        fragments: dict[str, str] = {}
        for name, fragment in data["fragments"].items():
            fragments[name] = spell_out(fragment, fragments)
        rest = {key: value for key, value in data.items() if key != "fragments"}
        return _spell_out_patterns(rest, fragments)

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
def load_rubric(name: str = "pitch_v1") -> RubricDefinition:
    """Load a rubric of the package by its name, the file's name without .yaml.

    Raises:
        FileNotFoundError: the package has no such rubric.
        pydantic.ValidationError: the file does not follow the schema.
    """
    source = resources.files("pitchquest_assets") / "rubrics" / f"{name}.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(source.read_text(encoding="utf-8"), Loader=loader)
    return RubricDefinition.model_validate(document)


PATTERN_KEYS = frozenset(
    {"anchors", "patterns", "unless", "ignored_sentences", "signposts", "fillers", "jargon"}
)


def spell_out(pattern: str, fragments: dict[str, str]) -> str:
    """Replace each `{name}` by the fragment of that name; ValueError if there is none."""

    def fragment(match: re.Match[str]) -> str:
        if match[1] not in fragments:
            raise ValueError(f"the fragment {match[1]!r} is not defined above {pattern!r}")
        return fragments[match[1]]

    return _FRAGMENT.sub(fragment, pattern)


def _spell_out_patterns(node: Any, fragments: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: [spell_out(pattern, fragments) for pattern in value]
            if key in PATTERN_KEYS and isinstance(value, Iterable) and not isinstance(value, str)
            else _spell_out_patterns(value, fragments)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_spell_out_patterns(child, fragments) for child in node]
    return node

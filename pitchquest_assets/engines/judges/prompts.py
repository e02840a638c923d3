"""The instructions to language models, from versioned files of the package."""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import Field

from pitchquest_assets.analysis.content.rubric import RubricDefinition
from pitchquest_assets.model import Value

LEVELS = 5


class Aspect(Value):
    """One thing that the vision judge looks at, with its levels 1 to 5."""

    title: str
    looked_for: str
    levels: tuple[str, ...] = Field(min_length=LEVELS, max_length=LEVELS)


class Prompt(Value):
    """One prompt; `system` is complete except for the placeholder {items}."""

    name: str
    version: str
    system: str
    levels: dict[str, tuple[str, ...]] = {}
    aspects: dict[str, Aspect] = {}


@cache
def load_prompt(name: str) -> Prompt:
    """Load a prompt of the package by its name, the file's name without .yaml."""
    source = resources.files("pitchquest_assets") / "prompts" / f"{name}.yaml"
    document: Any = yaml.safe_load(source.read_text(encoding="utf-8"))
    return Prompt.model_validate(document)


def content_instructions(prompt: Prompt, rubric: RubricDefinition) -> str:
    """Return the instructions for the ten items of the rubric, each with its levels."""
    return _filled(
        prompt,
        [
            _block(item.name, item.title, item.looked_for, prompt.levels[item.name])
            for item in rubric.all_items
        ],
    )


def vision_instructions(prompt: Prompt) -> str:
    """Return the instructions for the aspects of the pictures."""
    return _filled(
        prompt,
        [
            _block(name, one.title, one.looked_for, one.levels)
            for name, one in prompt.aspects.items()
        ],
    )


def _filled(prompt: Prompt, blocks: Sequence[str]) -> str:
    return prompt.system.replace("{items}", "\n\n".join(blocks)).strip()


def _block(name: str, title: str, looked_for: str, levels: Sequence[str]) -> str:
    lines = [f"Item `{name}` ({title}): {looked_for}."]
    lines += [f"  {number}: {level}" for number, level in enumerate(levels, 1)]
    return "\n".join(lines)

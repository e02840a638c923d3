"""The training of clarity, on pitches of four lines whose readings are made up."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.reading import Reading, Shown

TRAINING = Path(__file__).parents[2] / "training" / "content"
ITEMS = list(FACTS)[:4]


@pytest.fixture
def clarity(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the training."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(str(TRAINING))
    yield import_module("clarity")
    for name in set(sys.modules) - known:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == TRAINING:
            del sys.modules[name]


def pitch(id_: str, level: int, clarity: int) -> Any:
    """A pitch whose four lines show one item each, with log odds that say which and how much."""
    lines = [SimpleNamespace(text=f"This is the line of {item}.") for item in ITEMS]
    logits = np.array([[float(at), float(level)] for at in range(len(ITEMS))])
    return SimpleNamespace(text=SimpleNamespace(id=id_, clarity=clarity), lines=lines, words=logits)


def read(_: Any, logits: np.ndarray) -> Reading:
    shown: dict[str, list[Shown]] = {item: [] for item in FACTS}
    for line, (at, _) in enumerate(logits):
        shown[ITEMS[int(at)]].append(Shown(line, frozenset(), 1.0))
    levels = {item: int(logits[0, 1]) if some else 0 for item, some in shown.items()}
    return Reading(shown, levels, pitch_probability=1.0, is_pitch=True)


def test_each_copy_is_shuffled_doubled_or_joined_to_another_pitch(clarity: ModuleType) -> None:
    # Each pitch stands there twice, as it is and without punctuation.
    ids = ["a", "a", "b", "b", "c", "c"]
    said = [clarity.Said(id_, [f"{id_}{at}" for at in range(9)], np.arange(9), 3) for id_ in ids]
    for at, (own, copy) in enumerate(zip(said, clarity.altered_copies(said), strict=True)):
        assert copy.clarity == 2
        if at % 3 == 0:
            assert copy.lines != own.lines
            assert sorted(copy.lines) == own.lines
        elif at % 3 == 1:
            assert copy.lines == own.lines * 2
        else:
            assert copy.lines[:9] == own.lines
            assert {line[0] for line in copy.lines[9:]} < set("abc") - {own.id}
        assert [line[1] for line in copy.lines] == [str(one) for one in copy.logits]


def test_the_weights_follow_the_labels_and_say_that_going_back_is_bad(clarity: ModuleType) -> None:
    pitches = [pitch(f"t{at}", 1 + at % 5, at % 5) for at in range(30)]
    weights = clarity.fit_clarity(pitches, "words", read)
    assert set(weights) == {*clarity.DIRECTIONS, "bias"}
    assert weights["levels"] > 0
    assert weights["goes_back"] < 0
    figures = clarity.clarity_figures([(one, read(one, one.words)) for one in pitches], weights)
    assert figures["clarity correlation"] > 0.9


def test_levels_that_are_all_the_same_have_no_correlation(clarity: ModuleType) -> None:
    pitches = [pitch(f"t{at}", 3, 4) for at in range(4)]
    weights = dict.fromkeys(clarity.DIRECTIONS, 0.0) | {"bias": 3.0}
    assert clarity.clarity_figures([(one, read(one, one.words)) for one in pitches], weights) == {}

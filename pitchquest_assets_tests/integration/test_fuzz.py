"""A short run of benchmarks/fuzz.py, the same each time."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from pitchquest_assets.media import decoding
from pitchquest_assets_tests.support.benchmarks import benchmark

INPUTS = 150


@pytest.fixture(scope="module")
def fuzz() -> Iterator[ModuleType]:
    """The program."""
    with benchmark("fuzz") as program:
        yield program
    decoding.stop()


@pytest.mark.parametrize("kinds", [".mp4", ".mkv", ".webm", ".avi", ""])
def test_every_mutated_input_ends_in_a_result_or_a_sentence(
    fuzz: ModuleType, tmp_path: Path, kinds: str
) -> None:
    *_, findings = islice(fuzz.fuzz(seed=14, folder=tmp_path, kinds=kinds), INPUTS)
    assert findings.outcomes.total() == INPUTS
    assert findings.problems == []


def test_the_harness_notices_a_raw_error(fuzz: ModuleType, tmp_path: Path) -> None:
    assert fuzz._outcome(tmp_path / "missing.mp4") == "sentence"
    assert fuzz._outcome(tmp_path / "missing.\nmp4").startswith("no sentence")

"""A short run of benchmarks/erasure.py."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pitchquest_assets_tests.support.places import ROOT

SECONDS = 60.0
VARIABLES = (
    *("PITCHQUEST_HOME", "PITCHQUEST_INBOX", "PITCHQUEST_TRANSCRIBER", "PITCHQUEST_DOWNLOADS"),
    *("DAGSTER_HOME", "DAGSTER_POSTGRES_URL"),
)


@pytest.fixture
def erasure() -> Iterator[ModuleType]:
    """The program, which is in no package."""
    spec = importlib.util.spec_from_file_location("erasure", ROOT / "benchmarks" / "erasure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["erasure"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["erasure"]


@pytest.mark.slow
def test_deletes_retries_uploads_and_kills_at_once_leave_nothing_over(
    erasure: ModuleType, fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "1")  # so that what the program sets is undone
        monkeypatch.delenv(name)
    done, left_over = erasure.chaos(fresh_home, tmp_path, SECONDS, seed=4)
    assert done.total() > 10
    assert {what: names for what, names in left_over.items() if names} == {}

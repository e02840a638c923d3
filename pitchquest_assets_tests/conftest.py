"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real test videos; skips where it is missing, fails there when CI=true."""
    return _shared("media")


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder with the YuNet model; skips where it is missing, fails there when CI=true."""
    return _shared("models")


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        reason = f"{folder} is missing: it is not part of the public repository"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return folder

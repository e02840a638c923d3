"""Fixtures of the tests that run the command."""

from pathlib import Path

import pytest

from pitchquest_assets_tests.integration.command import Command

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="session")
def pitchquest(home: Path) -> Command:
    """The command under the session's home, without speech recognition (captions are used)."""
    return Command(home, {"PITCHQUEST_TRANSCRIBER": "captions"})


@pytest.fixture(scope="session")
def sample() -> Path:
    """The pitch that ships; its captions lie beside it."""
    return SAMPLES / "pitch.mp4"

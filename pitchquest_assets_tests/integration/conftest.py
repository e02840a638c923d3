"""Fixtures of the tests that run the command."""

import signal
from pathlib import Path

import pytest

from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.places import SAMPLE_PITCH


@pytest.fixture(scope="session", autouse=True)
def heed_signals() -> None:
    """Undo what a shell or nohup does to tests in the background, whose programs inherit it."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(ignored) is signal.SIG_IGN:
            signal.signal(ignored, signal.default_int_handler)


@pytest.fixture(scope="session")
def pitchquest(home: Path) -> Command:
    """The command under the session's home, without speech recognition (captions are used)."""
    return Command(home, {"PITCHQUEST_TRANSCRIBER": "captions"})


@pytest.fixture(scope="session")
def sample() -> Path:
    """The pitch that ships; its captions lie beside it."""
    return SAMPLE_PITCH

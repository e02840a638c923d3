"""Real Whisper weights, kept outside the clone, so that one download serves all runs of tests."""

import os
from pathlib import Path

from pitchquest_assets.engines.weights import fetcher


def weights_cache() -> Path:
    """The folder of real model files: PITCHQUEST_TEST_MODELS, or one in the user's cache."""
    given = os.environ.get("PITCHQUEST_TEST_MODELS")
    return Path(given) if given else Path.home() / ".cache" / "pitchquest-tests"


def fetch_real(name: str) -> Path:
    """Return the cache, with the real model in it.

    Raises:
        EngineUnavailable: it is not there and cannot be fetched.
    """
    fetcher.pull(name, weights_cache(), hub_timeout_seconds=3.0)
    return weights_cache()

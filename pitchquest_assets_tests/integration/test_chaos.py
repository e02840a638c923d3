"""A short run of benchmarks/chaos.py."""

import pytest

from pitchquest_assets_tests.support.benchmarks import benchmark
from pitchquest_assets_tests.support.media_factory import first_seconds

SECONDS = 75
SEED = 14


@pytest.mark.system
def test_whatever_is_killed_or_frozen_nothing_is_lost_doubled_or_stuck() -> None:
    with benchmark("chaos") as program, program.running() as up:
        clip = first_seconds(up.sample, up.command.home / "clip.mp4", program.CLIP_SECONDS)
        outcome = program.chaos(up, clip, SECONDS, SEED)
    assert outcome.harms
    assert outcome.uploads
    assert outcome.is_good, outcome.lines()

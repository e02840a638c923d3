import os
import time
from pathlib import Path

import pytest

from pitchquest_assets.settings import Settings
from pitchquest_assets.store import scratch


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def is_gone(worker: str) -> bool:
    return worker == "host:1:gone"


def test_the_files_of_a_run_are_removed_with_all_they_hold(settings: Settings) -> None:
    folder = scratch.make_folder(settings, "run-1", "host:2:alive")
    assert folder == scratch.make_folder(settings, "run-1", "host:2:alive")
    (folder / "video.mp4").write_bytes(b"x")
    scratch.remove_folder(settings, "run-1")
    scratch.remove_folder(settings, "run-1")
    assert not folder.exists()


def test_a_sweep_takes_what_gone_workers_left_and_nothing_else(settings: Settings) -> None:
    for run_id, worker in (("lost", "host:1:gone"), ("alive", "host:2:alive")):
        (scratch.make_folder(settings, run_id, worker) / "video.mp4").write_bytes(b"x")
    nameless = scratch.folder_of(settings, "just-made")
    nameless.mkdir()
    forgotten = scratch.make_folder(settings, "forgotten", "elsewhere:3:unknown")
    past = time.time() - scratch.FORGOTTEN_SECONDS - 60
    os.utime(forgotten, (past, past))
    assert sorted(scratch.sweep(settings, is_gone)) == ["forgotten", "lost"]
    left = {path.name for path in (settings.home_path / "scratch").iterdir()}
    assert left == {"alive", "just-made"}
    assert scratch.sweep(settings, is_gone) == []


def test_a_sweep_of_a_home_without_runs_finds_nothing(settings: Settings) -> None:
    assert scratch.sweep(settings, is_gone) == []

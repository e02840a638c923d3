import os
import re
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


def run_of(folder: str) -> str:
    """The folder's name without the part that tells processes apart."""
    return re.sub(r"-[0-9a-f]{8}$", "", folder)


def test_each_process_of_a_run_has_files_of_its_own(settings: Settings) -> None:
    folder, other = (scratch.make_folder(settings, "run-1", "host:2:alive") for _ in range(2))
    (folder / "video.mp4").write_bytes(b"x")
    scratch.remove_folder(folder)
    scratch.remove_folder(folder)
    assert not folder.exists()
    assert other.exists()


def test_the_files_of_a_whole_run_are_removed_and_no_other_s(settings: Settings) -> None:
    for run_id in ("run-1", "run-1", "run-2"):
        (scratch.make_folder(settings, run_id, "host:2:alive") / "video.mp4").write_bytes(b"x")
    scratch.remove_folders_of(settings, "run-1")
    [left] = (settings.home_path / "scratch").iterdir()
    assert left.name.startswith("run-2-")


def test_a_sweep_takes_what_gone_workers_left_and_nothing_else(settings: Settings) -> None:
    for run_id, worker in (("lost", "host:1:gone"), ("alive", "host:2:alive")):
        (scratch.make_folder(settings, run_id, worker) / "video.mp4").write_bytes(b"x")
    nameless = settings.home_path / "scratch" / "just-made"
    nameless.mkdir()
    forgotten = scratch.make_folder(settings, "forgotten", "elsewhere:3:unknown")
    past = time.time() - scratch.FORGOTTEN_SECONDS - 60
    os.utime(forgotten, (past, past))
    removed = scratch.sweep(settings, is_gone)
    assert sorted(run_of(name) for name in removed) == ["forgotten", "lost"]
    left = {run_of(path.name) for path in (settings.home_path / "scratch").iterdir()}
    assert left == {"alive", "just-made"}
    assert scratch.sweep(settings, is_gone) == []


def test_a_sweep_of_a_home_without_runs_finds_nothing(settings: Settings) -> None:
    assert scratch.sweep(settings, is_gone) == []

"""An analysis that is stopped half-way leaves a correct status, and can be repeated."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows.progress import stored_assets
from pitchquest_assets.store.store import open_store
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.up import Up

DEADLINE_SECONDS = 60
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def running(
    pitchquest: Command, tmp_path: Path, sample: Path, request: pytest.FixtureRequest
) -> subprocess.Popen[str]:
    """An analysis in the middle of speech recognition, which takes a minute for the sample."""
    path = tmp_path / "long.mp4"
    shutil.copy(sample, path)
    video_id = _video_id(request)
    process = pitchquest.start(
        "analyze", path, "--video-id", video_id, PITCHQUEST_TRANSCRIBER="pocketsphinx"
    )
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not _is_transcribing(pitchquest, video_id) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)
    return process


def _video_id(request: pytest.FixtureRequest) -> str:
    """An id of the test's own."""
    return str(request.node.name).replace("[", "-").replace("]", "")


def _is_transcribing(pitchquest: Command, video_id: str) -> bool:
    """Whether the run has stored what comes before the transcript."""
    row = pitchquest.rows().get(video_id)
    store = open_store(Settings(home=pitchquest.home))
    stored = stored_assets(store, [row.job_id]) if row and row.job_id else {}
    return any(len(assets) >= 3 for assets in stored.values())


@pytest.mark.parametrize("how", SIGNALS, ids=["ctrl-c", "kill", "hang-up"])
def test_interrupted(
    pitchquest: Command,
    running: subprocess.Popen[str],
    how: signal.Signals,
    request: pytest.FixtureRequest,
) -> None:
    running.send_signal(how)
    _, err = running.communicate(timeout=DEADLINE_SECONDS)
    assert running.returncode == 130, err
    assert err.strip() == "The analysis was interrupted; run it again."
    row = pitchquest.rows()[_video_id(request)]
    assert row.status == "failed"
    assert row.error == err.strip()


def test_a_killed_analysis_waits_again_once_its_status_is_asked_for(
    pitchquest: Command, running: subprocess.Popen[str], request: pytest.FixtureRequest
) -> None:
    running.kill()
    running.communicate(timeout=DEADLINE_SECONDS)
    video_id = _video_id(request)
    assert pitchquest.rows()[video_id].status == "processing"
    shown = json.loads(pitchquest("status", video_id, "--json").out)[0]
    assert (shown["status"], shown["attempts"], shown["job_id"]) == ("uploaded", 1, None)


def test_killed(pitchquest: Command, running: subprocess.Popen[str], sample: Path) -> None:
    running.kill()
    running.communicate(timeout=DEADLINE_SECONDS)
    done = pitchquest("analyze", sample, "--video-id", "test_killed")
    assert done.code == 0, done.err
    assert pitchquest.rows()["test_killed"].status == "completed"


def test_a_killed_analysis_waits_again_once_another_file_is_analysed(
    pitchquest: Command,
    running: subprocess.Popen[str],
    sample: Path,
    request: pytest.FixtureRequest,
) -> None:
    running.kill()
    running.communicate(timeout=DEADLINE_SECONDS)
    assert pitchquest("analyze", sample).code == 0
    row = pitchquest.rows()[_video_id(request)]
    assert (row.status, row.attempts, row.workers_lost) == ("uploaded", 1, 1)


def test_a_killed_analysis_is_made_by_the_next_up(
    pitchquest: Command,
    running: subprocess.Popen[str],
    sample: Path,
    request: pytest.FixtureRequest,
) -> None:
    running.kill()
    running.communicate(timeout=DEADLINE_SECONDS)
    video_id = _video_id(request)
    path = Path(pitchquest.rows()[video_id].file_path)
    shutil.copy(sample.with_suffix(".vtt"), path.with_suffix(".vtt"))  # quicker than speech
    up = Up(pitchquest, sample)
    try:
        up.start()
        row = up.wait_for(video_id, "completed")
    finally:
        up.stop()
    assert (row.attempts, row.workers_lost) == (1, 1)
    assert up.results_of(video_id) == 1

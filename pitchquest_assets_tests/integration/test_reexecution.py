"""What an operator does with runs in Dagit: execute again, start by hand, delete."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pitchquest_assets.registration import register
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import dagit
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.result_rows import count_replaced_results
from pitchquest_assets_tests.support.runs import NOTHING, Watch

DELETE = "mutation($id: String!) { deleteRun(runId: $id) { __typename } }"


@pytest.fixture
def pages(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Iterator[dagit.Dagit]:
    monkeypatch.setenv("PITCHQUEST_TRANSCRIBER", "captions")
    instance.add_dynamic_partitions("videos", ["pitch"])
    with dagit.opened(instance) as opened:
        yield opened


@pytest.fixture
def pitch(tmp_path: Path) -> Path:
    """The sample, with its captions beside it."""
    for suffix in (".mp4", ".vtt"):
        shutil.copy(SAMPLE_PITCH.with_suffix(suffix), tmp_path / f"pitch{suffix}")
    return tmp_path / "pitch.mp4"


def spoil(path: Path) -> bytes:
    """Make a file unreadable; what it held."""
    whole = path.read_bytes()
    path.write_text("-->")
    return whole


@pytest.mark.parametrize(("spoilt", "strategy"), [(".mp4", "ALL_STEPS"), (".vtt", "FROM_FAILURE")])
def test_a_failed_video_is_completed_by_executing_its_run_again(
    store: Store,
    instance: dg.DagsterInstance,
    pages: dagit.Dagit,
    pitch: Path,
    spoilt: str,
    strategy: str,
) -> None:
    whole = spoil(pitch.with_suffix(spoilt))
    register(store, load_settings(), pitch, "pitch")
    watch = Watch(instance)
    failed = pages.launch("pitch", attempt="0")
    assert watch.until_it_ends(failed) == "FAILURE"
    assert videos.get(store, "pitch").status == "failed"
    pitch.with_suffix(spoilt).write_bytes(whole)
    again = pages.execute_again(failed, strategy)
    assert watch.until_it_ends(again) == "SUCCESS"
    row = videos.get(store, "pitch")
    assert (row.status, row.error, row.job_id) == ("completed", None, again)
    made = {one.step_key for one in instance.all_logs(again, dg.DagsterEventType.STEP_SUCCESS)}
    assert ("source_video" in made) == (strategy == "ALL_STEPS")


def test_a_run_without_an_attempt_as_a_backfill_starts_it_analyses_whatever_the_status(
    store: Store, instance: dg.DagsterInstance, pages: dagit.Dagit, pitch: Path
) -> None:
    register(store, load_settings(), pitch, "pitch")
    videos.mark_failed(store, "pitch", "No picture.")
    watch = Watch(instance)
    for _ in ("of a failed video", "of a completed video"):
        run_id = pages.launch("pitch")
        assert watch.until_it_ends(run_id) == "SUCCESS"
        row = videos.get(store, "pitch")
        assert (row.status, row.job_id, row.attempts) == ("completed", run_id, 0)
    assert count_replaced_results(store, "pitch") == 1


def test_a_run_that_is_deleted_in_the_middle_completes_its_video(
    store: Store, instance: dg.DagsterInstance, pages: dagit.Dagit, pitch: Path
) -> None:
    register(store, load_settings(), pitch, "pitch")
    watch = Watch(instance)
    run_id = pages.launch("pitch", attempt="0")
    watch.until(lambda: videos.get(store, "pitch").status == "processing")
    assert pages.ask(DELETE, id=run_id)["deleteRun"]["__typename"] == "DeletePipelineRunSuccess"
    watch.until(lambda: videos.get(store, "pitch").status != "processing")
    row = videos.get(store, "pitch")
    assert (row.status, row.job_id, row.attempts) == ("completed", run_id, 0)
    assert watch.said == {NOTHING}

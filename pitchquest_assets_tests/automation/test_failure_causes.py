from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.automation.failure_causes import Cause, cause_of
from pitchquest_assets.automation.run_outcomes import cause_of_run
from pitchquest_assets.definitions import resources
from pitchquest_assets.errors import (
    InvalidVideo,
    PitchQuestError,
    StoreUnavailable,
    VendorUnavailable,
)
from pitchquest_assets.model import Frame, Frames
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store

CANCELLED = "The analysis was cancelled; `pitchquest retry` starts it again."
DOWN = "The database does not answer (refused): check that it runs and try again."


@pytest.fixture
def instance(store: Store) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        found.add_dynamic_partitions("videos", ["pitch-1"])
        videos.register(store, "pitch-1", "/in/pitch-1.mp4")
        yield found


def raising(make: Callable[[], BaseException]) -> Callable[..., object]:
    def compute(context: dg.AssetExecutionContext) -> Frames:
        try:
            raise ConnectionRefusedError("refused")
        except ConnectionRefusedError as error:
            raise make() from error

    return compute


def run_of(instance: dg.DagsterInstance, compute: Callable[..., object]) -> Cause:
    """Why a run with this one asset failed."""
    compute.__name__ = "frames"
    asset = video_asset(code_version="1", group="input", kinds=set())(compute)
    done = dg.materialize(
        [asset],
        instance=instance,
        partition_key="pitch-1",
        resources=resources(load_settings()),
        raise_on_error=False,
    )
    assert not done.success
    told = cause_of(done.all_events)
    assert cause_of_run(instance, done.run_id) == told
    return told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InvalidVideo("No picture."), Cause("No picture.", input_is_bad=True)),
        (StoreUnavailable(DOWN), Cause(DOWN, passing=True)),
        (PitchQuestError("Ask somebody."), Cause("Ask somebody.")),
        (KeyboardInterrupt(), Cause("The analysis was interrupted; run it again.", passing=True)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_of_ours_is_told_in_its_own_words(
    instance: dg.DagsterInstance, store: Store, error: BaseException, told: Cause
) -> None:
    assert run_of(instance, raising(lambda: error)) == told


def test_a_vendor_that_was_tried_often_enough_is_not_tried_by_dagster_as_well(
    instance: dg.DagsterInstance, store: Store
) -> None:
    tries: list[int] = []

    def compute(context: dg.AssetExecutionContext) -> Frames:
        tries.append(context.retry_number)
        raise VendorUnavailable("Gemini accepts no more calls for now (HTTP 429).")

    assert "HTTP 429" in run_of(instance, compute).sentence
    assert tries == [0]


def test_a_bug_is_told_with_its_step(instance: dg.DagsterInstance) -> None:
    def compute(context: dg.AssetExecutionContext) -> Frames:
        return [][1]

    told = run_of(instance, compute)
    assert told == Cause("frames failed: IndexError: list index out of range")


def test_a_folder_that_cannot_be_written_is_told_in_our_words_and_may_pass(
    instance: dg.DagsterInstance, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "objects").touch()
    monkeypatch.setattr(store.objects, "root", tmp_path / "objects")

    def compute(context: dg.AssetExecutionContext) -> Frames:
        return Frames(
            frames=[Frame(time_seconds=0.5, name="1.jpg")],
            width_px=640,
            height_px=360,
            spacing_seconds=1.0,
            method="keyframes",
            payload=b"PK\x05\x06" + bytes(18),
        )

    told = run_of(instance, compute)
    assert told.passing
    assert told.sentence.startswith(str(tmp_path))
    assert told.sentence.endswith("make room or check the rights of that folder.")


@pytest.fixture
def run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that has started, as the daemon sees it."""
    return instance.add_run(
        dg.DagsterRun(job_name="analyze_pitch", run_id="run-1", status=dg.DagsterRunStatus.STARTED)
    )


def cancelled(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_canceling(run)
    instance.report_run_canceled(run)


def cancelled_but_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_canceling(run)
    instance.report_run_failed(run, "Steps failed: ['transcript'].")


def too_long(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    # In the words of Dagster's run monitoring.
    instance.report_run_canceling(run, "Canceling due to exceeding maximum runtime of 60 seconds.")
    instance.report_run_failed(run, "Exceeded maximum runtime of 60 seconds.")


def lost(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_failed(run, "Its worker's process is gone.")


def shut_down(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_canceled(run, "PitchQuest was shut down.")


def forced(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    # As Dagit's forced termination of a run that is starting.
    instance.report_run_canceled(run)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (cancelled, Cause(CANCELLED, cancelled=True)),
        (cancelled_but_failed, Cause(CANCELLED, cancelled=True)),
        (
            too_long,
            Cause(
                "The analysis was ended: exceeding maximum runtime of 60 seconds "
                "(PITCHQUEST_MAX_RUN_SECONDS)."
            ),
        ),
        (
            lost,
            Cause(
                "The worker of this analysis was lost (Its worker's process is gone).",
                passing=True,
            ),
        ),
        (
            shut_down,
            Cause("The worker of this analysis was lost (PitchQuest was shut down).", passing=True),
        ),
        (
            forced,
            Cause(
                "The analysis was cancelled; `pitchquest retry` starts it again.", cancelled=True
            ),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_run_that_was_ended_from_outside(
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    end: Callable[[dg.DagsterInstance, dg.DagsterRun], None],
    told: Cause,
) -> None:
    end(instance, run)
    assert cause_of_run(instance, run.run_id) == told

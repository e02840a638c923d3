"""What every asset shares, in runs of three small ones."""

import dagster as dg
import pytest

from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.automation.failure_causes import Cause, cause_of
from pitchquest_assets.definitions import resources
from pitchquest_assets.model import Transcript
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.io_manager import SupabaseIOManager
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.factories.transcripts import transcript_value
from pitchquest_assets_tests.support.places import SAMPLE_PITCH


@pytest.mark.parametrize("error", [KeyboardInterrupt, dg.DagsterExecutionInterruptedError])
@pytest.mark.parametrize("moment", ["compute", "handle_output", "load_input"])
def test_an_interrupt_ends_the_run_at_once_whatever_its_step_is_at(
    store: Store, monkeypatch: pytest.MonkeyPatch, moment: str, error: type[BaseException]
) -> None:
    def interrupt(*_: object) -> None:
        raise error

    if moment != "compute":
        monkeypatch.setattr(SupabaseIOManager, moment, interrupt)
    late = ("transcript",) if moment == "load_input" else ()
    said = interrupt if moment == "compute" else transcript_value

    @video_asset(code_version="1", group="input", kinds=set())
    def transcript(context: dg.AssetExecutionContext) -> Transcript:
        return said()  # type: ignore[return-value]

    @video_asset(code_version="1", group="input", kinds=set())
    def again(context: dg.AssetExecutionContext, transcript: Transcript) -> Transcript:
        return transcript

    # Ready at the same time as the step that is interrupted, and begun after it.
    @video_asset(code_version="1", group="input", kinds=set(), deps=late)
    def unrelated(context: dg.AssetExecutionContext) -> Transcript:
        return transcript_value()

    videos.register(store, "pitch", str(SAMPLE_PITCH))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("videos", ["pitch"])
        done = dg.materialize(
            [transcript, again, unrelated],
            instance=instance,
            partition_key="pitch",
            resources=resources(load_settings()),
            raise_on_error=False,
        )
    kinds = [event.event_type for event in done.all_events]
    failed = kinds.index(dg.DagsterEventType.STEP_FAILURE)
    assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in kinds
    assert dg.DagsterEventType.STEP_START not in kinds[failed:]
    assert "unrelated" not in {event.step_key for event in done.all_events}
    assert cause_of(done.all_events) == Cause(
        "The analysis was interrupted; run it again.", passing=True
    )

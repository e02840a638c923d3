"""The store and the IO manager are resources like any other: others can take their place."""

from pathlib import Path
from typing import ClassVar

import dagster as dg
import pytest

from pitchquest_assets.definitions import ASSETS, resources
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.places import SAMPLE_PITCH

VIDEO = "sample"


class OtherStore(StoreResource):
    """A store that no setting leads to."""

    opened: ClassVar[Store]

    def store(self) -> Store:
        return self.opened


@pytest.fixture
def nowhere(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "nowhere", transcriber="captions", downloads="off")


def make(
    settings: Settings, store: Store, path: Path, *assets: str, **others: object
) -> dg.ExecuteInProcessResult:
    OtherStore.opened = store
    captions = SAMPLE_PITCH.with_suffix(".vtt")
    videos.register(store, VIDEO, str(path), captions_path=str(captions))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("videos", [VIDEO])
        return dg.materialize(
            ASSETS,
            selection=[*assets] or None,
            partition_key=VIDEO,
            resources=resources(settings, store=OtherStore.of(settings)) | others,
            instance=instance,
            raise_on_error=False,
        )


def test_a_whole_run_uses_the_given_store_and_no_other(nowhere: Settings, store: Store) -> None:
    assert make(nowhere, store, SAMPLE_PITCH).success
    assert videos.get(store, VIDEO).status == "completed"
    assert not (nowhere.home_path / "postgres").exists()


def test_a_failure_is_written_into_the_given_store(
    nowhere: Settings, store: Store, tmp_path: Path
) -> None:
    text = tmp_path / "pitch.mp4"
    text.write_text("This is no video. " * 200)
    assert not make(nowhere, store, text).success
    row = videos.get(store, VIDEO)
    assert row.status == "failed"
    assert "pitch.mp4" in (row.error or "")
    assert not (nowhere.home_path / "postgres").exists()


def test_another_io_manager_takes_the_values(nowhere: Settings, store: Store) -> None:
    run = make(
        nowhere,
        store,
        SAMPLE_PITCH,
        "source_video",
        "audio",
        "transcript",
        "content_analysis",
        io_manager=dg.InMemoryIOManager(),
    )
    assert run.success
    assert run.output_for_node("content_analysis").judge == "local"

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from pitchquest_assets.automation.failure_causes import Cause
from pitchquest_assets.automation.run_outcomes import cause_of_run, settle
from pitchquest_assets.errors import StoreCorrupt, StoreUnavailable, UnknownVideo
from pitchquest_assets.model import PitchResult
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store import spool
from pitchquest_assets.store.io_manager import SupabaseIOManager
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.video_bucket import VideoBucket
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.result_rows import count_replaced_results
from pitchquest_assets_tests.support.storage.server import StorageServer
from pitchquest_assets_tests.support.wiring import store_resource

RESULT = factories.pitch_result()
VIDEO, JOB = RESULT.video_id, RESULT.job_id


@pytest.fixture
def settings(store: Store) -> Iterator[Settings]:
    """The settings, a video in processing, and clean folders."""
    found = load_settings()
    claimed(store)
    yield found
    for folder in (spool.spool_folder(found), spool.backup_folder(found)):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lost_database(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store that was in use when its database was moved away, and the folder it was moved to."""
    monkeypatch.setenv("PITCHQUEST_HOME", str(fresh_home))
    for name in ("SUPABASE_URL", "SUPABASE_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "")
    claimed(open_store(load_settings()))
    embedded.stop(fresh_home)
    place, away = fresh_home / "postgres", fresh_home / "away"
    place.rename(away)
    place.mkdir()
    (place / "something").touch()
    yield away
    if away.exists():
        bring_back(away)


def bring_back(away: Path) -> None:
    shutil.rmtree(away.with_name("postgres"))
    away.rename(away.with_name("postgres"))


def claimed(store: Store) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    queue.claim(store, VIDEO, JOB, attempt=None)


def store_by_dagster(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """A run whose only asset returns the result, tried again as often as those of the graph."""

    @dg.asset(partitions_def=videos_partitions, retry_policy=dg.RetryPolicy(max_retries=2))
    def aggregated_result() -> PitchResult:
        return RESULT

    instance.add_dynamic_partitions("videos", [VIDEO])
    return dg.materialize(
        [aggregated_result],
        instance=instance,
        partition_key=VIDEO,
        resources={"io_manager": SupabaseIOManager(store=store_resource())},
        raise_on_error=False,
    )


def test_a_result_that_the_database_cannot_take_waits_and_is_stored_once_it_can(
    lost_database: Path,
) -> None:
    settings = load_settings()
    with dg.DagsterInstance.ephemeral() as instance:
        run = store_by_dagster(instance)
        assert not run.success
        cause = cause_of_run(instance, run.run_id)
        retried = [
            e for e in run.all_events if e.event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY
        ]
    [path] = spool.waiting(settings)
    assert not retried
    assert cause.sentence == (
        f"The database could not take the result of {VIDEO}, which is safe in {path}: it is stored "
        "when the database answers again (`pitchquest recover`)."
    )
    with pytest.raises(StoreUnavailable):
        spool.recover(open_store(settings), settings, path)
    assert spool.waiting(settings) == [path]

    bring_back(lost_database)
    store = open_store(settings)
    row = videos.get(store, VIDEO)
    assert row.status == "processing"
    told = settle(store, load_settings(), row, JOB, cause)
    assert told == f"{VIDEO} is completed: its result was spooled."
    assert results.get_result(store, VIDEO) == RESULT
    assert videos.get(store, VIDEO).status == "completed"
    assert not spool.waiting(settings)


def test_a_spooled_result_is_stored_exactly_once(store: Store, settings: Settings) -> None:
    path = spool.write(spool.spool_folder(settings), RESULT)
    assert spool.recover(store, settings, path) == (VIDEO, JOB, True)
    assert spool.recover(store, settings, path) is None
    # As after a crash between storing and removing the file.
    spool.write(spool.spool_folder(settings), RESULT)
    assert spool.recover(store, settings, path) == (VIDEO, JOB, True)
    assert results.get_result(store, VIDEO) == RESULT
    assert count_replaced_results(store, VIDEO) == 0
    assert not spool.waiting(settings)


def test_a_failed_video_is_completed_by_its_spooled_result(
    store: Store, settings: Settings
) -> None:
    videos.mark_failed(store, VIDEO, "The database could not take the result.", JOB)
    spool.recover(store, settings, spool.write(spool.spool_folder(settings), RESULT))
    row = videos.get(store, VIDEO)
    assert (row.status, row.error, row.job_id) == ("completed", None, JOB)


def test_a_newer_result_is_not_replaced(store: Store, settings: Settings) -> None:
    newer = RESULT.model_copy(
        update={"job_id": "newer", "timestamp": RESULT.timestamp + timedelta(seconds=1)}
    )
    queue.claim(store, VIDEO, "newer", attempt=None)
    results.save_result(store, newer)
    path = spool.write(spool.spool_folder(settings), RESULT)
    recovered = spool.recover(store, settings, path)
    assert recovered == (VIDEO, JOB, False)
    assert "overtaken" in str(recovered)
    assert results.get_result(store, VIDEO) == newer
    assert (spool.backup_folder(settings) / path.name).is_file()
    assert not spool.waiting(settings)


def test_a_video_in_another_runs_hands_is_left_to_that_run(
    store: Store, settings: Settings
) -> None:
    queue.claim(store, VIDEO, "newer", attempt=None)
    spool.recover(store, settings, spool.write(spool.spool_folder(settings), RESULT))
    row = videos.get(store, VIDEO)
    assert (row.status, row.job_id) == ("processing", "newer")
    assert results.get_result(store, VIDEO) == RESULT


def test_a_corrupt_file_is_named_and_stays(store: Store, settings: Settings) -> None:
    path = spool.write(spool.spool_folder(settings), RESULT)
    path.write_text(path.read_text()[:100])
    with pytest.raises(StoreCorrupt, match=str(path)):
        spool.recover(store, settings, path)
    assert path.is_file()


def test_a_file_that_cannot_be_stored_holds_up_no_other(store: Store, settings: Settings) -> None:
    folder = spool.spool_folder(settings)
    corrupt = spool.write(folder, RESULT)
    corrupt.write_text("{")
    removed = spool.write(folder, factories.pitch_result(video_id="gone"))
    (folder / "dangling.json").symlink_to(folder / "nowhere.json")
    whole = RESULT.model_copy(update={"job_id": "whole"})
    spool.write(folder, whole)
    recovered, problems = spool.recover_all(store, settings)
    assert recovered == [(VIDEO, "whole", True)]
    assert len(problems) == 2
    assert problems[0].startswith(f"{corrupt} stays: ")
    assert problems[1].startswith(f"{removed} stays: ")
    assert spool.waiting(settings) == [corrupt, removed]


def test_a_result_of_a_removed_video_stays(store: Store, settings: Settings) -> None:
    gone = factories.pitch_result(video_id="gone")
    path = spool.write(spool.spool_folder(settings), gone)
    with pytest.raises(UnknownVideo, match="gone"):
        spool.recover(store, settings, path)
    assert path.is_file()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        spool.write(tmp_path / "file", RESULT)


@pytest.mark.parametrize("taken", [True, False], ids=["taken by another", "given back"])
def test_a_run_that_was_taken_for_lost_stores_its_result_only_if_no_other_has_the_video(
    store: Store, settings: Settings, taken: bool
) -> None:
    queue.give_back(store, VIDEO, JOB, videos.get(store, VIDEO).attempts, because="worker lost")
    if taken:
        queue.claim(store, VIDEO, "another", attempt=None)
    with dg.DagsterInstance.ephemeral() as instance:
        run = store_by_dagster(instance)
        said = None if run.success else cause_of_run(instance, run.run_id).sentence
    row = videos.get(store, VIDEO)
    if taken:
        assert said == f"Another run has taken {VIDEO} from this one: its result counts."
        assert results.get_result(store, VIDEO) is None
        assert (row.status, row.job_id) == ("processing", "another")
    else:
        assert results.get_result(store, VIDEO) == RESULT
        assert (row.status, row.job_id) == ("completed", JOB)
    assert not spool.waiting(settings)


def test_every_result_is_a_file_too_where_that_is_wanted(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAVE_JSON_BACKUP", "true")
    with dg.DagsterInstance.ephemeral() as instance:
        assert store_by_dagster(instance).success
    [file] = spool.backup_folder(settings).iterdir()
    assert file.name == f"{VIDEO}_{JOB}.json"
    assert json.loads(file.read_text()) == RESULT.model_dump(mode="json")
    assert not spool.waiting(settings)


@pytest.fixture
def shared(store: Store) -> Iterator[tuple[Store, StorageServer]]:
    """The store of several machines: its objects are in Storage."""
    with StorageServer() as server:
        storage = SupabaseStorage(server.url, server.service_key, attempts=1)
        yield Store(store.engine, SupabaseObjects(storage), VideoBucket(storage)), server


def test_a_result_of_one_machine_is_stored_by_another(
    shared: tuple[Store, StorageServer], settings: Settings, tmp_path: Path
) -> None:
    store, server = shared
    place = spool.keep(store, settings, RESULT)
    assert place == f"the object spool/{VIDEO}_{JOB}.json"
    assert not spool.waiting(settings)
    elsewhere = settings.model_copy(update={"home": tmp_path})
    assert spool.recover_all(store, elsewhere) == ([(VIDEO, JOB, True)], [])
    assert results.get_result(store, VIDEO) == RESULT
    assert videos.get(store, VIDEO).status == "completed"
    assert server.names("pitchquest") == []
    assert spool.recover_all(store, elsewhere) == ([], [])


def test_a_failed_run_is_settled_by_the_result_that_another_machine_has_spooled(
    shared: tuple[Store, StorageServer], settings: Settings
) -> None:
    store, _ = shared
    spool.keep(store, settings, RESULT)
    told = settle(store, settings, videos.get(store, VIDEO), JOB, Cause("It failed."))
    assert told == f"{VIDEO} is completed: its result was spooled."
    assert spool.waiting_objects(store) == []


def test_a_result_that_storage_cannot_take_either_waits_on_this_machine(
    shared: tuple[Store, StorageServer], settings: Settings
) -> None:
    store, server = shared
    server.faults.share = 1.0
    place = spool.keep(store, settings, RESULT)
    assert spool.waiting(settings) == [Path(place)]
    server.faults.share = 0.0
    assert spool.recover_all(store, settings) == ([(VIDEO, JOB, True)], [])
    assert not spool.waiting(settings)


def test_spooled_objects_that_cannot_be_stored_or_are_overtaken_lose_nothing(
    shared: tuple[Store, StorageServer], settings: Settings
) -> None:
    store, server = shared
    newer = RESULT.model_copy(
        update={"job_id": "newer", "timestamp": RESULT.timestamp + timedelta(seconds=1)}
    )
    spool.keep(store, settings, RESULT)
    results.save_result(store, newer)
    store.objects.put("spool/half.json", b"{", "application/json")
    recovered, problems = spool.recover_all(store, settings)
    assert recovered == [(VIDEO, JOB, False)]
    assert len(problems) == 1
    assert problems[0].startswith("The object spool/half.json stays: ")
    assert server.names("pitchquest") == ["spool/half.json"]
    [backup] = spool.backup_folder(settings).iterdir()
    assert PitchResult.model_validate_json(backup.read_bytes()) == RESULT

"""The video on this machine, step by step: as Dagit runs them, one asset in a run of its own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pitchquest_assets.assets.audio import audio
from pitchquest_assets.assets.frames import frames
from pitchquest_assets.assets.local_files import check_paths
from pitchquest_assets.assets.source_video import source_video
from pitchquest_assets.definitions import resources
from pitchquest_assets.errors import InvalidVideo, InvalidVideoId, ObjectRefused, StoreUnavailable
from pitchquest_assets.model import SourceVideo
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.registration import register
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.rows.asset_values import Address, load_value
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets.store.supabase import storage as supabase_storage
from pitchquest_assets.store.supabase.upload import CHUNK_BYTES
from pitchquest_assets.store.supabase.video_bucket import VideoBucket
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.storage.objects import Bucket
from pitchquest_assets_tests.support.storage.server import StorageServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StorageServer]:
    monkeypatch.setattr(supabase_storage, "FIRST_PAUSE_SECONDS", 0.01)
    with StorageServer() as running:
        yield running


@pytest.fixture
def project(
    store: Store, home: Path, server: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """The store of a project whose database is the embedded one, emptied."""
    monkeypatch.setenv("SUPABASE_URL", server.url)
    monkeypatch.setenv("SUPABASE_KEY", server.service_key)
    monkeypatch.setenv("DATABASE_URL", embedded.start(home))
    return open_store(load_settings())


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        opened.add_dynamic_partitions(str(videos_partitions.name), ["pitch"])
        yield opened


def run(instance: dg.DagsterInstance, *names: str) -> dg.ExecuteInProcessResult:
    """One run of these assets, in this process but knowing nothing of the runs before it."""
    return dg.materialize(
        [source_video, frames, audio],
        partition_key="pitch",
        selection=list(names),
        instance=instance,
        resources=resources(load_settings()),
        raise_on_error=False,
    )


def test_a_step_that_runs_alone_gets_the_file_again_and_leaves_nothing(
    project: Store, server: StorageServer, home: Path, instance: dg.DagsterInstance
) -> None:
    register(project, load_settings(), SAMPLE_PITCH, "pitch")
    assert run(instance, "source_video", "frames").success
    source = load_value(project, Address("source_video", "pitch"), SourceVideo)
    assert source.path == "videos/pitchquest/pitch/pitch.mp4"
    downloads = downloaded(server)
    assert downloads == 2  # the video and its captions, once for both steps
    assert run(instance, "audio").success
    assert downloaded(server) == downloads + 2
    assert list((home / "scratch").iterdir()) == []


def test_a_run_that_fails_leaves_nothing_and_a_replaced_file_is_not_mixed_in(
    project: Store, server: StorageServer, home: Path, instance: dg.DagsterInstance
) -> None:
    register(project, load_settings(), SAMPLE_PITCH, "pitch")
    assert run(instance, "source_video").success
    server.objects["videos", "pitchquest/pitch/pitch.mp4"].data += b"another"
    failed = run(instance, "frames")
    assert not failed.success
    [event] = failed.filter_events(lambda event: event.is_step_failure)
    assert "has been replaced since it was read" in str(event.step_failure_data)
    assert list((home / "scratch").iterdir()) == []


def test_captions_that_do_not_exist_are_told_by_the_run(
    project: Store, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    row = register(project, load_settings(), SAMPLE_PITCH, "pitch", tmp_path / "none.vtt")
    assert row.captions_path == str(tmp_path / "none.vtt")
    assert not run(instance, "source_video").success
    assert "none.vtt" in (videos.get(project, "pitch").error or "")


def test_a_video_and_captions_without_suffixes_do_not_meet(
    project: Store, server: StorageServer, tmp_path: Path
) -> None:
    for name in ("video", "captions"):
        (tmp_path / name).write_text(name)
    row = register(project, load_settings(), tmp_path / "video", "pitch", tmp_path / "captions")
    assert server.data(row.file_path) == b"video"
    assert server.data(row.captions_path or "") == b"captions"


def test_a_file_that_is_no_upload_is_entered_all_the_same(
    project: Store, server: StorageServer, tmp_path: Path
) -> None:
    row = register(project, load_settings(), tmp_path / "none.mp4", "pitch")
    assert (row.file_path, row.status) == (str(tmp_path / "none.mp4"), "uploaded")
    assert not server.names("videos")


def test_an_id_that_a_user_took_is_not_for_other_files(project: Store) -> None:
    owner = uuid.uuid4()
    videos.register(project, "pitch", f"videos/{owner}/a.mp4", owner=owner)
    with pytest.raises(InvalidVideoId, match="choose another id"):
        register(project, load_settings(), SAMPLE_PITCH, "pitch")
    assert videos.get(project, "pitch").file_path == f"videos/{owner}/a.mp4"


def test_a_file_that_storage_refuses_is_failed_at_once_and_no_run_starts(
    project: Store, server: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("it would wait for a moment, and a sensor take it")

    monkeypatch.setattr(videos, "register", nobody)
    server.buckets["videos"] = Bucket("videos", file_size_limit=1_000)
    with pytest.raises(ObjectRefused, match="larger than Supabase Storage accepts"):
        register(project, load_settings(), SAMPLE_PITCH, "pitch")
    row = videos.get(project, "pitch")
    assert (row.status, row.attempts) == ("failed", 0)
    assert row.file_path == "videos/pitchquest/pitch/pitch.mp4"
    assert "larger than Supabase Storage accepts" in (row.error or "")


def test_an_upload_that_breaks_off_leaves_a_row_that_says_what_is_missing(
    project: Store, server: StorageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supabase_storage, "LONGEST_PAUSE_SECONDS", 0.05)
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(3 * CHUNK_BYTES))
    server.faults.die_at, server.faults.spare = ("PATCH", 1), 1
    server.faults.down_seconds = 1_000
    with pytest.raises(StoreUnavailable, match="submit it again, and it goes on from there"):
        register(project, load_settings(), large, "pitch")
    row = videos.get(project, "pitch")
    assert (row.status, row.error) == (
        "failed",
        "The upload of large.mp4 broke off after 6.3 of 18.9 MB: submit it again, and it goes on "
        "from there.",
    )
    server.come_back()
    server.requests.clear()
    register(project, load_settings(), large, "pitch")
    assert sum(method == "PATCH" for method, _ in server.requests) == 2
    row = videos.get(project, "pitch")
    assert (row.status, row.error, row.attempts) == ("uploaded", None, 1)


def test_an_upload_that_a_person_interrupts_leaves_a_row_too(
    project: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(VideoBucket, "upload", interrupted)
    with pytest.raises(KeyboardInterrupt):
        register(project, load_settings(), SAMPLE_PITCH, "pitch")
    row = videos.get(project, "pitch")
    assert row.status == "failed"
    assert "broke off after 0.0 of" in (row.error or "")


@pytest.mark.parametrize("status", ["completed", "processing", "failed"])
def test_a_refused_file_leaves_the_older_one_to_its_row(
    project: Store, server: StorageServer, status: str
) -> None:
    register(project, load_settings(), SAMPLE_PITCH, "pitch")
    before = videos.update(project, "pitch", "status = :status", status=status)
    server.buckets["videos"] = Bucket("videos", file_size_limit=1_000)
    with pytest.raises(ObjectRefused):
        register(project, load_settings(), SAMPLE_PITCH, "pitch")
    row = videos.get(project, "pitch")
    kept = (before.file_path, before.captions_path, before.attempts)
    assert (row.file_path, row.captions_path, row.attempts) == kept
    assert row.status == status
    assert (row.error is not None) == (status == "failed")


def downloaded(server: StorageServer) -> int:
    """How many downloads were begun."""
    return sum(
        method == "GET" and "/object/authenticated/videos/" in path
        for method, path in server.requests
    )


def test_a_row_names_only_what_its_owner_may_read(store: Store) -> None:
    owner = uuid.uuid4()
    for number, (file_path, captions_path) in enumerate(
        [
            (f"videos/{uuid.uuid4()}/a.mp4", None),
            ("/etc/passwd", None),
            (f"videos/{owner}/a.mp4", "/etc/passwd"),
            (f"videos/{owner}/b.mp4", "pitchquest/frames/v/1.zip"),
        ]
    ):
        row = videos.register(
            store, f"v{number}", file_path, captions_path=captions_path, owner=owner
        )
        with pytest.raises(InvalidVideo, match="is not a path below"):
            check_paths(row)
    row = videos.register(store, "nobodys", "relative.mp4")
    with pytest.raises(InvalidVideo, match="is not an absolute path"):
        check_paths(row)


def test_a_file_in_a_bucket_needs_the_project(store: Store, instance: dg.DagsterInstance) -> None:
    videos.register(store, "pitch", "videos/somebody/a.mp4")
    failed = run(instance, "source_video")
    assert not failed.success
    assert "set SUPABASE_URL, SUPABASE_KEY and DATABASE_URL" in (
        videos.get(store, "pitch").error or ""
    )


def test_a_file_of_one_machine_is_refused_where_several_share_the_work(
    project: Store, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos.register(project, "pitch", str(SAMPLE_PITCH))
    assert run(instance, "source_video").success
    monkeypatch.setenv("PITCHQUEST_BROKER_URL", "redis://127.0.0.1:1/0")
    videos.register(project, "pitch", str(SAMPLE_PITCH))
    assert not run(instance, "source_video").success
    assert videos.get(project, "pitch").error == (
        f"{SAMPLE_PITCH} is a file of one machine, and several share the work: `pitchquest "
        "submit` uploads it."
    )

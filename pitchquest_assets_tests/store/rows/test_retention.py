import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import text

from pitchquest_assets.model import BlobValue
from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.rows import erasures, queue, results, retention, videos
from pitchquest_assets.store.rows.asset_values import Address, load_value, save_value
from pitchquest_assets.store.rows.retention import sweep_uploads
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.video_bucket import VideoBucket
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.storage.server import StorageServer

DAY = timedelta(days=1)


class Sound(BlobValue):
    media_type: ClassVar[str] = "audio/flac"
    suffix: ClassVar[str] = ".flac"


@pytest.fixture
def objects(store: Store) -> FolderObjects:
    """The object folder, as empty as the tables."""
    assert isinstance(store.objects, FolderObjects)
    for path in list(files(store.objects)):
        store.objects.delete(path)
    return store.objects


def files(objects: FolderObjects) -> list[str]:
    """The paths of all objects."""
    root = objects.root
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def add_video(store: Store, video_id: str, status: str = "completed") -> None:
    """A video with a value, an object, and a report."""
    videos.register(store, video_id, "/in/pitch.mp4")
    queue.claim(store, video_id, "job-1", attempt=None)
    for asset_key, value in (
        ("transcript", {"text": "hello"}),
        ("audio", Sound(payload=b"sound")),
        ("feedback_report", Sound(payload=b"report")),
    ):
        save_value(store, Address(asset_key, video_id), value, run_id="job-1", code_version="1")
    if status == "completed":
        results.save_result(store, factories.pitch_result(video_id=video_id, job_id="job-1"))
    elif status == "failed":
        videos.mark_failed(store, video_id, "It is empty.")
    elif status == "uploaded":
        videos.retry(store, video_id)


def grow_older(store: Store, age: timedelta) -> None:
    """Everything in the tables was written that much earlier."""
    with store.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for table, column in (
            ("asset_values", "created_at"),
            ("videos", "updated_at"),
            ("analysis_results_history", "created_at"),
            ("monitoring_metrics", '"timestamp"'),
            ("alerts", "created_at"),
            ("webhook_events", "created_at"),
        ):
            connection.execute(
                text(f"update {table} set {column} = {column} - cast(:age as interval)"),
                {"age": age},
            )


def column(store: Store, query: str) -> list[str]:
    return store.transaction(lambda c: sorted(c.scalars(text(query))))


def asset_keys(store: Store, video_id: str) -> list[str]:
    return column(store, f"select asset_key from asset_values where partition_key = '{video_id}'")


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("completed", ["feedback_report"]),
        ("failed", ["feedback_report"]),
        ("processing", ["audio", "feedback_report", "transcript"]),
        ("uploaded", ["audio", "feedback_report", "transcript"]),
    ],
)
def test_the_values_of_a_finished_video_go_with_their_objects_and_the_report_stays(
    store: Store, objects: FolderObjects, status: str, left: list[str]
) -> None:
    add_video(store, "pitch", status)
    assert retention.prune_video(store, "pitch") == 3 - len(left)
    assert asset_keys(store, "pitch") == left
    kept = [path.split("/")[0] for path in files(objects)]
    assert kept == [key for key in left if key != "transcript"]
    assert retention.prune_video(store, "pitch") == 0
    report = load_value(store, Address("feedback_report", "pitch"), Sound)
    assert report.payload == b"report"


def test_pruning_a_video_leaves_others_alone(store: Store, objects: FolderObjects) -> None:
    add_video(store, "pitch")
    add_video(store, "pitch-2")
    retention.prune_video(store, "pitch")
    assert asset_keys(store, "pitch-2") == ["audio", "feedback_report", "transcript"]


def test_only_values_that_are_old_enough_are_pruned(store: Store, objects: FolderObjects) -> None:
    add_video(store, "old")
    grow_older(store, 8 * DAY)
    add_video(store, "young")
    assert retention.prune_values(store, retention_days=7) == 2
    assert asset_keys(store, "old") == ["feedback_report"]
    assert len(asset_keys(store, "young")) == 3
    assert retention.prune_values(store, retention_days=7) == 0


def test_with_no_days_at_all_the_last_hour_is_kept_for_who_still_works(
    store: Store, objects: FolderObjects
) -> None:
    add_video(store, "pitch")
    assert retention.prune_values(store, retention_days=0) == 0
    grow_older(store, timedelta(minutes=61))
    assert retention.prune_values(store, retention_days=0) == 2


def test_many_batches_are_worked_off(store: Store, objects: FolderObjects) -> None:
    store.transaction(
        lambda c: c.execute(
            text("""
                insert into asset_values (asset_key, partition_key, run_id, value, created_at)
                select 'transcript', 'gone-' || n, 'job-1', '{}', now() - interval '8 days'
                from generate_series(1, 1234) as n
            """)
        )
    )
    assert retention.prune_values(store, retention_days=7) == 1234
    assert column(store, "select asset_key from asset_values") == []


def test_values_without_partition_are_never_pruned(store: Store, objects: FolderObjects) -> None:
    save_value(store, Address("rules", ""), {}, run_id="job-1", code_version=None)
    grow_older(store, 100 * DAY)
    assert retention.prune_values(store, retention_days=7) == 0
    assert asset_keys(store, "") == ["rules"]


def test_an_old_video_goes_with_all_that_is_stored_about_it(
    store: Store, objects: FolderObjects
) -> None:
    for video_id, status in (("done", "completed"), ("bad", "failed"), ("busy", "processing")):
        add_video(store, video_id, status)
    results.save_result(store, factories.pitch_result(video_id="done", job_id="job-2"))
    grow_older(store, 31 * DAY)
    add_video(store, "young")
    assert sorted(retention.prune_results(store, retention_days=30)) == ["bad", "done"]
    assert column(store, "select video_id from videos") == ["busy", "young"]
    assert column(store, "select video_id from analysis_results") == ["young"]
    assert column(store, "select video_id from analysis_results_history") == []
    assert column(store, "select distinct partition_key from asset_values") == ["busy", "young"]
    assert {path.split("/")[1] for path in files(objects)} == {"busy", "young"}
    assert retention.prune_results(store, retention_days=30) == []


def test_old_history_of_a_young_result_goes_too(store: Store, objects: FolderObjects) -> None:
    add_video(store, "pitch")
    results.save_result(store, factories.pitch_result(video_id="pitch", job_id="job-2"))
    grow_older(store, 31 * DAY)
    videos.retry(store, "pitch")
    results.save_result(store, factories.pitch_result(video_id="pitch", job_id="job-3"))
    store.transaction(
        lambda c: c.execute(
            text("update analysis_results_history set created_at = now() where job_id = 'job-2'")
        )
    )
    assert retention.prune_results(store, retention_days=30) == []
    assert column(store, "select job_id from analysis_results_history") == ["job-2"]


def age_file(path: Path, age: timedelta) -> None:
    moment = time.time() - age.total_seconds()
    os.utime(path, (moment, moment))


def test_old_objects_without_a_row_are_swept(store: Store, objects: FolderObjects) -> None:
    add_video(store, "pitch")
    save_value(store, Address("a/b", ""), Sound(payload=b"x"), run_id="job-1", code_version=None)
    named = files(objects)
    garbage = ["audio/pitch/gone.flac", "audio/_/gone.flac", "gone.bin", "a/b/_/gone.flac"]
    for path in garbage:
        objects.put(path, b"garbage", "audio/flac")
    half_written = objects.root / "audio" / "pitch" / ".0123.tmp"
    half_written.write_bytes(b"half")
    for path in files(objects):
        age_file(objects.root / path, 2 * DAY)
    objects.put("audio/pitch/being-written.flac", b"new", "audio/flac")
    assert retention.sweep_objects(store) == len(garbage)
    assert files(objects) == sorted([*named, "audio/pitch/being-written.flac"])
    assert retention.sweep_objects(store) == 0


def test_empty_folders_of_pruned_videos_are_swept(store: Store, objects: FolderObjects) -> None:
    add_video(store, "pitch")
    retention.prune_video(store, "pitch")
    folder = objects.root / "audio" / "pitch"
    retention.sweep_objects(store)
    assert folder.is_dir()
    age_file(folder, 2 * DAY)
    retention.sweep_objects(store)
    assert not folder.exists()
    assert (objects.root / "feedback_report" / "pitch").is_dir()


def test_old_health_rows_and_alerts_go_and_other_metrics_stay(store: Store) -> None:
    insert = text("""
        insert into monitoring_metrics (metric_type, metric_value)
        values ('system_health', '{}'), ('drift', '{"event": "opened"}'), ('api_cost', '{}')
    """)
    videos.register(store, "pitch", "/in/pitch.mp4")
    videos.mark_failed(store, "pitch", "It is empty.")
    store.transaction(lambda c: c.execute(insert))
    grow_older(store, 31 * DAY)
    store.transaction(lambda c: c.execute(insert))
    removed = {"metrics": 1, "alerts": 1, "webhook_events": 1}
    assert retention.prune_records(store, retention_days=30) == removed
    kinds = column(store, "select metric_type from monitoring_metrics")
    assert kinds == ["api_cost", "api_cost", "drift", "drift", "system_health"]
    assert retention.prune_records(store, retention_days=30) == dict.fromkeys(removed, 0)


def test_old_drift_checks_go_unless_they_opened_or_closed_an_episode(store: Store) -> None:
    insert = text("""
        insert into monitoring_metrics (metric_type, metric_value)
        select 'drift', jsonb_build_object('event', event)
        from unnest(array['opened', null, 'closed', null]) as event
    """)
    store.transaction(lambda c: c.execute(insert))
    grow_older(store, 31 * DAY)
    store.transaction(lambda c: c.execute(insert))
    assert retention.prune_records(store, retention_days=30)["metrics"] == 2
    kept = column(store, "select coalesce(metric_value ->> 'event', '') from monitoring_metrics")
    assert kept == ["", "", "closed", "closed", "opened", "opened"]


def test_old_uploads_of_the_pipeline_without_a_row_go_and_no_other(
    store: Store, server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    bucket = VideoBucket(storage)
    (tmp_path / "given").write_bytes(b"x")
    kept = [
        "a11ce000-0000-4000-8000-000000000001/a.mp4",
        "pitchquest/new/new.mp4",
        "pitchquest/v/v.mp4",
        "pitchquest/v/v.vtt",
    ]
    for path in (*kept, "pitchquest/pruned/pruned.mp4", "pitchquest/v/v.mov"):
        bucket.upload(tmp_path / "given", path)
        if "new" not in path:
            server.objects["videos", path].updated_at = datetime.now(UTC) - timedelta(days=2)
    videos.register(
        store, "v", "videos/pitchquest/v/v.mp4", captions_path="videos/pitchquest/v/v.vtt"
    )
    project = Store(store.engine, FolderObjects(tmp_path / "objects"), bucket)
    assert sweep_uploads(project) == 2
    assert server.names("videos") == kept
    assert sweep_uploads(store) == 0


def test_the_report_of_a_video_without_a_row_does_not_outlive_the_other_values(
    store: Store, objects: FolderObjects
) -> None:
    value = Sound(payload=b"report")
    for video_id in ("gone", "young"):
        save_value(
            store, Address("feedback_report", video_id), value, run_id="job-1", code_version="1"
        )
        if video_id == "gone":
            grow_older(store, 8 * DAY)
    assert retention.prune_values(store, retention_days=7) == 1
    assert [path.split("/")[1] for path in files(objects)] == ["young"]


def test_an_old_video_is_erased_but_for_the_files_that_were_uploaded(
    store: Store, objects: FolderObjects
) -> None:
    add_video(store, "pitch")
    grow_older(store, 31 * DAY)
    retention.prune_results(store, retention_days=30)
    [erasure] = erasures.unfinished(store)
    assert (erasure.video_id, erasure.keeps_files) == ("pitch", True)
    add_video(store, "deleted")
    erasures.delete_rows(store, ["deleted"])
    assert not erasures.unfinished(store, ["deleted"])[0].keeps_files

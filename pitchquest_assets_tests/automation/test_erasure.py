"""A deleted video leaves a tombstone, and nothing brings it back."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from sqlalchemy import text

from pitchquest_assets.automation.dagster_pruning import event_storage
from pitchquest_assets.automation.erasure import carry_out, carry_out_erasures
from pitchquest_assets.automation.retention import retention
from pitchquest_assets.automation.run_outcomes import failed_runs
from pitchquest_assets.automation.spool_recovery import spooled_results
from pitchquest_assets.automation.upload_sensors import inbox, missed_uploads, new_uploads
from pitchquest_assets.errors import InvalidVideoId, StoreUnavailable, UnknownVideo
from pitchquest_assets.model import Audio
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.registration import video_id_of
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store import scratch, spool
from pitchquest_assets.store.rows import erasures, leases, queue, results, videos
from pitchquest_assets.store.rows.asset_values import Address, save_value
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.video_bucket import VideoBucket
from pitchquest_assets.worker import this_worker
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.processes import gone_process
from pitchquest_assets_tests.support.storage.server import StorageServer
from pitchquest_assets_tests.support.traces import traces
from pitchquest_assets_tests.support.wiring import evaluate

VIDEO, TITLE = "zebrafink-7", "Zebrafink Robotics"
WORDS = (VIDEO, TITLE, "purple giraffes")
# In ticks of half a minute, as the slowest of these sensors has them.
TWO_HOURS = 240
OTHER = "other-zebrafink-7.b"


@pytest.fixture(autouse=True)
def clean_home(home: Path) -> Iterator[None]:
    yield
    for name in ("spool", "backup", "reports", "logs", "objects", "inbox", "uploads"):
        shutil.rmtree(home / name, ignore_errors=True)


@pytest.fixture
def instance(instance: dg.DagsterInstance) -> Iterator[dg.DagsterInstance]:
    """The instance, also without ticks and the newest event of each asset."""
    assert instance.schedule_storage
    instance.schedule_storage.wipe()
    with event_storage(instance).index_connection() as connection:
        connection.execute(text("truncate asset_keys"))
    yield instance
    instance.schedule_storage.wipe()


@dg.asset(partitions_def=videos_partitions, name="transcript")
def heard(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    context.log.info(f"{context.partition_key} of {TITLE}")
    return dg.MaterializeResult(metadata={"quote": "purple giraffes", "file": f"{TITLE}.mp4"})


def analyse(instance: dg.DagsterInstance, store: Store, home: Path, video_id: str) -> str:
    """Leave what the analysis of a video leaves behind; return the id of its run."""
    path = home / "inbox" / f"{TITLE if video_id == VIDEO else video_id}.mp4"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"video")
    path.with_suffix(".vtt").write_text("purple giraffes")
    videos.register(store, video_id, str(path), size_bytes=5)
    instance.add_dynamic_partitions("videos", [video_id])
    run = dg.materialize(
        [heard],
        instance=instance,
        partition_key=video_id,
        tags={"video_id": video_id, "dagster/run_key": f"{video_id}:0"},
    )
    queue.claim(store, video_id, run.run_id, attempt=0)
    for asset in ("frames", "audio", "feedback_report"):
        value = Audio(duration_seconds=1, payload=b"purple giraffes")
        save_value(store, Address(asset, video_id), value, run_id=run.run_id, code_version="1")
    result = factories.pitch_result(video_id=video_id, job_id=run.run_id)
    results.save_result(store, result)
    results.save_result(store, result.model_copy(update={"processing_time_seconds": 2.0}))
    videos.mark_failed(store, video_id, f"{TITLE} is broken.", even_completed=True)
    videos.update(store, video_id, "status = 'completed'")
    insert = text("""
        with answer as (
          insert into vendor_answers (key, vendor, model, purpose, video_id, answer)
          values (:id, 'gemini', 'm', 'content', :id, '{"text": "purple giraffes"}')
        )
        insert into monitoring_metrics (metric_type, metric_value)
        values ('api_cost', jsonb_build_object('video_id', cast(:id as text), 'cost_usd', 0.5))
    """)
    store.transaction(lambda c: c.execute(insert, {"id": video_id}))
    for folder in (spool.spool_folder(load_settings()), spool.backup_folder(load_settings())):
        spool.write(folder, result)
    for copy in (home / "reports" / f"{video_id}.html", home / "logs" / f"{video_id}.log"):
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(f"before\n{video_id} failed: {TITLE} is broken.\nafter\n")
    (home / "logs" / f"{video_id}.log").rename(home / "logs" / f"log-{len(video_id)}.log")
    scratch.make_folder(load_settings(), run.run_id, this_worker())
    return run.run_id


def delete(instance: dg.DagsterInstance, store: Store, video_id: str = VIDEO) -> dict[str, str]:
    assert erasures.delete_rows(store, [video_id]) == [video_id]
    return carry_out(instance, store, load_settings())


def tombstones(store: Store) -> list[dict[str, object]]:
    query = text("select to_jsonb(t) from pitchquest.erasures as t order by id")
    return store.transaction(lambda c: list(c.scalars(query)))


def test_nothing_but_hashes_times_and_run_ids_is_left_of_a_deleted_video(
    instance: dg.DagsterInstance, store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITCHQUEST_INBOX", str(home / "inbox"))
    run_id = analyse(instance, store, home, VIDEO)
    found = traces(home, *WORDS)
    tables = {line.split(":")[0] for line in found if ": " in line}
    assert {"public.videos", "public.alerts", "public.event_logs", "public.run_tags"} <= tables
    assert delete(instance, store) == {}
    assert traces(home, *WORDS) == []
    [tombstone] = tombstones(store)
    assert tombstone["run_ids"] == [run_id]
    assert tombstone["remains"] is None
    assert tombstone["finished_at"]
    assert not list((home / "scratch").glob(f"{run_id}-*"))
    assert "before\n" in (home / "logs" / "log-11.log").read_text()


def test_a_deletion_leaves_every_other_video_as_it_was(
    instance: dg.DagsterInstance, store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITCHQUEST_INBOX", str(home / "inbox"))
    analyse(instance, store, home, OTHER)
    before = others(home)
    analyse(instance, store, home, VIDEO)
    delete(instance, store)
    assert others(home) == before
    newest = instance.get_latest_materialization_event(dg.AssetKey("transcript"))
    assert newest
    assert newest.asset_materialization
    assert newest.asset_materialization.partition == OTHER


def others(home: Path) -> list[str]:
    """What names the other video, except the copy of the newest event, whose time is new."""
    return sorted(line for line in traces(home, OTHER) if not line.startswith("public.asset_keys"))


def test_a_file_elsewhere_stays_as_it_is_the_users_own(
    instance: dg.DagsterInstance, store: Store, tmp_path: Path
) -> None:
    original = tmp_path / "pitch.mp4"
    original.write_bytes(b"mine")
    videos.register(store, VIDEO, str(original), captions_path=str(tmp_path / "pitch.vtt"))
    (tmp_path / "pitch.vtt").write_text("mine too")
    assert delete(instance, store) == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pitch.mp4", "pitch.vtt"]


def test_a_file_that_another_video_names_stays(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    shared = home / "inbox" / "pitch.mp4"
    shared.parent.mkdir(exist_ok=True)
    shared.write_bytes(b"video")
    for video_id in (VIDEO, OTHER):
        videos.register(store, video_id, str(shared))
    delete(instance, store)
    assert shared.exists()
    delete(instance, store, OTHER)
    assert not shared.exists()


def test_the_ticks_and_cursors_of_sensors_name_no_deleted_video(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    leave_ticks(instance, VIDEO)
    leave_ticks(instance, OTHER)
    delete(instance, store)
    assert [line for line in traces(home, VIDEO) if OTHER not in line] == []
    keys = {state.instigator_data.last_run_key for state in instance.all_instigator_state()}
    assert keys == {None, f"{OTHER}:0"}


def leave_ticks(instance: dg.DagsterInstance, video_id: str) -> None:
    """What the daemon writes when a sensor has requested a run, and when it has said something."""
    from dagster._core.remote_origin import (
        GrpcServerCodeLocationOrigin,
        RemoteInstigatorOrigin,
        RemoteRepositoryOrigin,
    )
    from dagster._core.scheduler.instigation import (
        InstigatorState,
        InstigatorStatus,
        InstigatorType,
        SensorInstigatorData,
        TickData,
        TickStatus,
    )

    place = GrpcServerCodeLocationOrigin(host="localhost", port=1, location_name="here")
    origin = RemoteInstigatorOrigin(
        RemoteRepositoryOrigin(place, "repository"), f"sensor-{len(video_id)}"
    )
    state = InstigatorState(
        origin,
        InstigatorType.SENSOR,
        InstigatorStatus.RUNNING,
        SensorInstigatorData(last_run_key=f"{video_id}:0"),
    )
    instance.add_instigator_state(state)
    for kind, said in (
        (TickStatus.SUCCESS, {"run_keys": [f"{video_id}:0"], "run_ids": ["run"]}),
        (TickStatus.SKIPPED, {"skip_reason": f"Nothing.\n{video_id} failed: it is empty."}),
    ):
        tick = TickData(
            instigator_origin_id=state.instigator_origin_id,
            instigator_name=origin.instigator_name,
            instigator_type=InstigatorType.SENSOR,
            status=kind,
            timestamp=1.0,
            selector_id=state.selector_id,
            **said,
        )
        instance.create_tick(tick)


def test_a_running_analysis_is_ended_first_and_can_write_no_more(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    tags = {"dagster/partition": VIDEO}
    run = instance.add_run(
        dg.DagsterRun(
            job_name="analyze_pitch",
            run_id="8c2f3f5e-0000-4000-8000-000000000001",
            tags=tags,
            status=dg.DagsterRunStatus.STARTED,
        )
    )
    queue.claim(store, VIDEO, run.run_id, attempt=0)
    leases.beat(store, run.run_id, this_worker(), VIDEO)
    why = delete(instance, store)[VIDEO]
    assert "works on it, and ends at its next step" in why
    cancelling = instance.get_run_by_id(run.run_id)
    assert cancelling
    assert cancelling.status == dg.DagsterRunStatus.CANCELING
    value = Audio(duration_seconds=1, payload=b"sound")
    with pytest.raises(UnknownVideo, match=f"{VIDEO} was deleted"):
        save_value(store, Address("audio", VIDEO), value, run_id=run.run_id, code_version="1")
    assert not list((home / "objects").rglob("*.flac"))
    with pytest.raises(UnknownVideo):
        results.save_result(store, factories.pitch_result(video_id=VIDEO, job_id=run.run_id))
    with pytest.raises(InvalidVideoId, match="is being erased: try again in a minute"):
        videos.register(store, VIDEO, "/in/pitch.mp4")
    instance.report_run_canceled(cancelling)
    leases.delete(store, run.run_id)
    assert carry_out(instance, store, load_settings()) == {}
    assert traces(home, VIDEO) == []
    # A late heartbeat.
    leases.beat(store, run.run_id, this_worker(), VIDEO)
    assert leases.all_leases(store) == []


def test_a_run_that_has_not_begun_is_cancelled_and_goes_too(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    instance.add_run(
        dg.DagsterRun(
            job_name="analyze_pitch",
            run_id="8c2f3f5e-0000-4000-8000-000000000010",
            tags={"dagster/partition": VIDEO},
            status=dg.DagsterRunStatus.NOT_STARTED,
        )
    )
    assert "works on it" in delete(instance, store)[VIDEO]
    assert [run.status.value for run in instance.get_runs()] == ["CANCELED"]
    assert carry_out(instance, store, load_settings()) == {}
    assert traces(home, VIDEO) == []


def test_a_worker_whose_run_was_deleted_in_dagit_is_waited_for(
    instance: dg.DagsterInstance, store: Store
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    run_id = "8c2f3f5e-0000-4000-8000-000000000020"
    leases.beat(store, run_id, this_worker(), VIDEO)
    assert f"{run_id} works on it" in delete(instance, store)[VIDEO]
    leases.delete(store, run_id)
    assert carry_out(instance, store, load_settings()) == {}


def test_a_killed_worker_holds_nothing_up(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    run = instance.add_run(
        dg.DagsterRun(
            job_name="analyze_pitch",
            run_id="8c2f3f5e-0000-4000-8000-000000000002",
            tags={"dagster/partition": VIDEO},
            status=dg.DagsterRunStatus.STARTED,
        )
    )
    queue.claim(store, VIDEO, run.run_id, attempt=0)
    leases.beat(store, run.run_id, gone_process(), VIDEO)
    half_written = home / "objects" / "frames" / VIDEO / ".0123.tmp"
    half_written.parent.mkdir(parents=True)
    half_written.write_bytes(b"half")
    assert delete(instance, store) == {}
    assert instance.get_runs() == []
    assert traces(home, VIDEO) == []


def test_while_a_daemon_runs_everything_is_removed_twice(
    instance: dg.DagsterInstance, store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = SimpleNamespace(timestamp=9e9)
    monkeypatch.setattr(type(instance), "get_daemon_heartbeats", lambda self: {"SENSOR": soon})
    videos.register(store, VIDEO, "/in/pitch.mp4")
    assert list(delete(instance, store)) == [VIDEO]
    # A tick that had seen the row.
    instance.add_dynamic_partitions("videos", [VIDEO])
    earlier = text("update pitchquest.erasures set cleared_at = now() - interval '11 seconds'")
    store.transaction(lambda c: c.execute(earlier))
    assert str(evaluate(carry_out_erasures, instance).skip_message).startswith("0 erasures")
    assert traces(home, VIDEO) == []


def test_a_run_that_was_requested_during_the_deletion_is_removed_when_it_has_failed(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    delete(instance, store)
    run = instance.add_run(
        dg.DagsterRun(
            job_name="analyze_pitch",
            run_id="8c2f3f5e-0000-4000-8000-000000000003",
            tags={"dagster/partition": VIDEO},
            status=dg.DagsterRunStatus.STARTED,
        )
    )
    instance.report_run_failed(run, "It has no row.")
    tell_failed(instance, run.run_id)
    assert carry_out(instance, store, load_settings()) == {}
    assert traces(home, VIDEO) == []


def tell_failed(instance: dg.DagsterInstance, run_id: str) -> None:
    """The sensor of failed runs, as the daemon calls it."""
    from pitchquest_assets_tests.support.wiring import store_resource

    run = instance.get_run_by_id(run_id)
    assert run
    [event] = instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert event.dagster_event
    with dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=event.dagster_event,
        dagster_instance=instance,
        dagster_run=run,
        resources={"store": store_resource()},
    ).for_run_failure() as context:
        failed_runs(context)


@pytest.mark.parametrize("ticks", [10, pytest.param(TWO_HOURS, marks=pytest.mark.slow)])
def test_ticks_do_not_bring_it_back_while_its_file_lies_in_the_inbox(
    instance: dg.DagsterInstance,
    store: Store,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    ticks: int,
) -> None:
    folder = home / "inbox"
    monkeypatch.setenv("PITCHQUEST_INBOX", str(folder))
    folder.mkdir()
    path = folder / f"{TITLE}.mp4"
    path.write_bytes(b"video")
    cursor = tick_all(instance, None, 3)
    [row] = videos.list_videos(store)
    assert row.video_id == video_id_of(path)
    # It is put back from a copy, as a sync does, or could not be removed.
    delete(instance, store, row.video_id)
    path.write_bytes(b"video")
    cursor = tick_all(instance, cursor, ticks)
    assert videos.list_videos(store) == []
    assert instance.get_dynamic_partitions("videos") == []
    assert TITLE not in cursor
    path.write_bytes(b"another video")
    tick_all(instance, cursor, 3)
    [row] = videos.list_videos(store)
    assert (row.status, row.attempts) == ("uploaded", 0)


def tick_all(instance: dg.DagsterInstance, cursor: str | None, times: int) -> str:
    """Ticks of every sensor that could bring a video back; return the cursor of the inbox."""
    for _ in range(times):
        cursor = evaluate(inbox, instance, cursor).cursor
        for sensor in (new_uploads, missed_uploads, spooled_results, carry_out_erasures):
            evaluate(sensor, instance)
    return str(cursor)


def test_a_spooled_result_of_a_deleted_video_is_dropped(
    instance: dg.DagsterInstance, store: Store
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    delete(instance, store)
    path = spool.write(spool.spool_folder(load_settings()), factories.pitch_result(video_id=VIDEO))
    assert spool.recover_all(store, load_settings()) == ([], [])
    assert not path.exists()


def test_a_person_may_submit_the_file_again(instance: dg.DagsterInstance, store: Store) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    delete(instance, store)
    videos.register(store, VIDEO, "/in/pitch.mp4")
    value = Audio(duration_seconds=1, payload=b"sound")
    save_value(store, Address("audio", VIDEO), value, run_id="new", code_version="1")
    results.save_result(store, factories.pitch_result(video_id=VIDEO))
    assert delete(instance, store) == {}
    assert len(tombstones(store)) == 2


def test_what_another_machine_keeps_of_a_deleted_video_goes_with_the_daily_pruning(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    videos.register(store, VIDEO, "/in/pitch.mp4")
    delete(instance, store)
    copies = [home / "reports" / f"{name}.html" for name in (VIDEO, OTHER)]
    for copy in copies:
        copy.parent.mkdir(exist_ok=True)
        copy.write_text("report")
    from pitchquest_assets_tests.support.wiring import job

    assert job(retention.name).execute_in_process(instance=instance).success
    assert [copy.exists() for copy in copies] == [False, True]


def test_an_upload_that_broke_off_is_forgotten(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    records = {}
    for video_id in (VIDEO, OTHER):
        place = f"stub/videos/pitchquest/{video_id}/{video_id}.mp4/1".encode()
        address = f"https://x/upload/resumable/{base64.urlsafe_b64encode(place).decode()}"
        records[video_id] = home / "uploads" / f"{len(video_id)}.json"
        records[video_id].parent.mkdir(exist_ok=True)
        records[video_id].write_text(json.dumps({"location": address, "arrived_bytes": 1}))
    (home / "uploads" / "broken.json").write_text("{")
    videos.register(store, VIDEO, f"videos/pitchquest/{VIDEO}/{VIDEO}.mp4")
    assert delete(instance, store) == {}
    assert [record.exists() for record in records.values()] == [False, True]


def test_the_costs_of_a_deleted_video_stay_and_are_nobodys(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    analyse(instance, store, home, VIDEO)
    delete(instance, store)
    query = text("select metric_value from monitoring_metrics where metric_type = 'api_cost'")
    assert store.transaction(lambda c: list(c.scalars(query))) == [{"cost_usd": 0.5}]
    assert json.dumps(tombstones(store)).count(VIDEO) == 0


def test_the_files_in_the_bucket_go_whoever_uploaded_them(
    instance: dg.DagsterInstance, store: Store, tmp_path: Path
) -> None:
    with StorageServer() as server:
        storage = SupabaseStorage(server.url, server.service_key)
        bucket = VideoBucket(storage)
        project = Store(store.engine, SupabaseObjects(storage), bucket)
        (tmp_path / "given").write_bytes(b"x")
        theirs = [f"{ALICE}/pitch.mp4", f"{ALICE}/pitch.vtt"]
        for path in (*theirs, f"{ALICE}/other.mp4", "pitchquest/old/old.mp4"):
            bucket.upload(tmp_path / "given", path)
        videos.register(
            project,
            VIDEO,
            f"videos/{theirs[0]}",
            captions_path=f"videos/{theirs[1]}",
            owner=ALICE,
        )
        videos.register(project, "old", "videos/pitchquest/old/old.mp4")
        value = Audio(duration_seconds=1, payload=b"sound")
        save_value(project, Address("audio", VIDEO), value, run_id="run", code_version="1")
        project.objects.put(f"frames/{VIDEO}/without-row.zip", b"x", "application/zip")
        for video_id in (VIDEO, f"{VIDEO}_b"):
            spool.keep(project, load_settings(), factories.pitch_result(video_id=video_id))
        assert delete(instance, project) == {}
        assert server.names("videos") == [f"{ALICE}/other.mp4", "pitchquest/old/old.mp4"]
        [kept] = server.names("pitchquest")
        assert kept.startswith(f"spool/{VIDEO}_b_")
        server.faults.answers = [(503, {}, b"away")] * 99
        erasures.delete_rows(project, ["old"])
        storage.attempts = 1
        with pytest.raises(StoreUnavailable):
            carry_out(instance, project, load_settings())
        server.faults.answers = []
        assert carry_out(instance, project, load_settings()) == {}
        assert server.names("videos") == [f"{ALICE}/other.mp4"]


def test_a_path_that_a_user_wrote_removes_no_file_of_somebody_else(
    instance: dg.DagsterInstance, store: Store, home: Path
) -> None:
    precious = home / "inbox" / "precious.mp4"
    precious.parent.mkdir(exist_ok=True)
    precious.write_bytes(b"precious")
    videos.register(store, VIDEO, str(precious), owner=ALICE)
    assert delete(instance, store) == {}
    assert precious.exists()

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from pitchquest_assets.automation import dagster_pruning as event_log
from pitchquest_assets.automation.dagster_pruning import event_storage
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store

AT_ONCE = timedelta()
CHECK = dg.AssetCheckKey(dg.AssetKey("pitch"), "is_short")


@dg.asset(
    partitions_def=videos_partitions, check_specs=[dg.AssetCheckSpec("is_short", asset="pitch")]
)
def pitch(context: dg.AssetExecutionContext) -> Iterator[dg.Output[int] | dg.AssetCheckResult]:
    context.log.info("nothing special")
    context.log.warning("something special")
    yield dg.Output(7, metadata={"words": 202})
    yield dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)


@dg.asset(partitions_def=videos_partitions)
def speech(pitch: int) -> int:
    if pitch == 7:
        raise ValueError("seven words are no speech")
    return pitch


@dg.job
def waiting() -> None:
    dg.op(name="step")(lambda: None)()


def run(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition, key: str = "v1") -> str:
    """The id of a run of these assets, which need not succeed."""
    instance.add_dynamic_partitions("videos", [key])
    done = dg.materialize(
        [pitch, speech],
        selection=list(assets),
        instance=instance,
        partition_key=key,
        raise_on_error=False,
    )
    return done.run_id


def end_earlier(instance: dg.DagsterInstance, run_id: str, age: timedelta) -> None:
    update = sa.text(
        "update runs set end_time = end_time - :seconds,"
        " update_timestamp = update_timestamp - make_interval(secs => :seconds)"
        " where run_id = :run_id"
    )
    with event_storage(instance).index_connection() as connection:
        connection.execute(update, {"seconds": age.total_seconds(), "run_id": run_id})


def event_types(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [
        entry.dagster_event.event_type_value if entry.dagster_event else entry.user_message
        for entry in instance.all_logs(run_id)
    ]


def test_of_a_run_that_succeeded_remains_what_the_pages_of_dagit_need(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run(instance, pitch)
    before = len(event_types(instance, run_id))
    removed = event_log.prune_events(instance, older_than=AT_ONCE)
    assert event_types(instance, run_id) == [
        "PIPELINE_START",
        "STEP_START",
        "something special",
        "ASSET_MATERIALIZATION",
        "STEP_SUCCESS",
        "PIPELINE_SUCCESS",
    ]
    assert removed == before - 6
    assert event_log.prune_events(instance, older_than=AT_ONCE) == 0


def test_the_timeline_the_partitions_and_the_checks_are_as_before(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run(instance, pitch)

    def pages() -> tuple[object, ...]:
        (step,) = instance.get_run_step_stats(run_id)
        materialized = instance.get_materialized_partitions(pitch.key)
        (record,) = instance.fetch_materializations(pitch.key, limit=10).records
        (check,) = event_storage(instance).get_asset_check_execution_history(CHECK, limit=10)
        return (
            (step.status, step.start_time, step.end_time),
            materialized,
            record.asset_materialization,
            (check.status, check.event),
            instance.get_latest_materialization_event(pitch.key),
        )

    before = pages()
    assert event_log.prune_events(instance, older_than=AT_ONCE) > 0
    assert pages() == before


def test_a_failed_run_keeps_its_whole_log_and_its_partition_stays_failed(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run(instance, pitch, speech)
    before = event_types(instance, run_id)
    assert "STEP_FAILURE" in before
    assert event_log.prune_events(instance, older_than=AT_ONCE) == 0
    assert event_types(instance, run_id) == before


def test_a_run_that_ended_within_the_hour_keeps_its_whole_log(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run(instance, pitch)
    assert event_log.prune_events(instance) == 0
    end_earlier(instance, run_id, timedelta(hours=2))
    assert event_log.prune_events(instance) > 0


def test_many_batches_of_events_are_worked_off(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(instance, pitch)
    monkeypatch.setattr(event_log, "EVENT_BATCH", 3)
    assert event_log.prune_events(instance, older_than=AT_ONCE) > 6


def test_old_runs_go_with_their_events_and_check_evaluations(
    instance: dg.DagsterInstance,
) -> None:
    old, failed, young = (run(instance, *assets) for assets in ([pitch], [pitch, speech], [pitch]))
    for run_id in (old, failed):
        end_earlier(instance, run_id, timedelta(days=31))
    assert event_log.prune_runs(instance, retention_days=30) == 2
    assert [found.run_id for found in instance.get_runs()] == [young]
    assert event_types(instance, old) == []
    checks = event_storage(instance).get_asset_check_execution_history(CHECK, limit=10)
    assert [check.run_id for check in checks] == [young]
    assert event_log.prune_runs(instance, retention_days=30) == 0


def test_an_unfinished_run_never_goes(instance: dg.DagsterInstance) -> None:
    created = instance.create_run_for_job(waiting)
    end_earlier(instance, created.run_id, timedelta(days=100))
    assert event_log.prune_runs(instance, retention_days=0) == 0
    assert instance.get_runs(dg.RunsFilter(run_ids=[created.run_id]))


def test_keys_of_videos_that_were_finished_long_ago_and_keys_without_a_row_are_retired(
    store: Store, instance: dg.DagsterInstance
) -> None:
    for video_id in ("done", "failed", "waits", "young"):
        videos.register(store, video_id, "/in/pitch.mp4")
        if video_id != "waits":
            videos.mark_failed(store, video_id, "It is empty.")
    make_old(store, "done", "failed", "waits")
    instance.add_dynamic_partitions("videos", ["done", "failed", "waits", "young", "no-row"])
    assert event_log.prune_partition_keys(instance, store, retention_days=30) == 3
    assert sorted(instance.get_dynamic_partitions("videos")) == ["waits", "young"]
    assert event_log.prune_partition_keys(instance, store, retention_days=30) == 0


def test_an_upload_is_not_held_up_and_its_key_is_kept_while_keys_are_retired(
    store: Store, instance: dg.DagsterInstance
) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    videos.mark_failed(store, "pitch", "It is empty.")
    make_old(store, "pitch")
    instance.add_dynamic_partitions("videos", ["pitch"])
    with store.engine.begin() as connection:
        connection.execute(sa.text("update videos set status = 'uploaded'"))
        assert event_log.prune_partition_keys(instance, store, retention_days=30) == 0
    assert instance.get_dynamic_partitions("videos") == ["pitch"]


def test_more_keys_than_fit_a_page_are_retired(store: Store, instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions("videos", [f"no-row-{number}" for number in range(1_203)])
    assert event_log.prune_partition_keys(instance, store, retention_days=30) == 1_203
    assert instance.get_dynamic_partitions("videos") == []


def make_old(store: Store, *video_ids: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))
        connection.execute(
            sa.text("update videos set updated_at = :then where video_id = any(:ids)"),
            {"ids": list(video_ids), "then": datetime.now(UTC) - timedelta(days=31)},
        )

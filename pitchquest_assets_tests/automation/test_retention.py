from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from pitchquest_assets.definitions import definitions_of
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store


def add_old_video(store: Store, home: Path) -> Path:
    """A failed video of last month with a value, and the copy of its report."""
    videos.register(store, "old", "/in/old.mp4")
    videos.mark_failed(store, "old", "It is empty.")
    with store.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update videos set updated_at = now() - interval '31 days'"))
        connection.execute(
            text(
                "insert into asset_values (asset_key, partition_key, run_id, value, created_at)"
                " values ('transcript', 'old', 'job-1', '{}', now() - interval '31 days')"
            )
        )
    report = home / "reports" / "old.html"
    report.parent.mkdir(exist_ok=True)
    report.write_text("report")
    return report


def prune(instance: dg.DagsterInstance) -> dict[str, dict[str, object]]:
    """One run of the job; what each op says that it removed."""
    run = (
        definitions_of(load_settings())
        .resolve_job_def("retention")
        .execute_in_process(instance=instance)
    )
    return {
        str(event.step_key): {
            name: entry.value for name, entry in event.step_output_data.metadata.items()
        }
        for event in run.all_events
        if event.is_successful_output
    }


def test_the_job_says_what_it_removed_and_finds_nothing_the_second_time(
    store: Store, home: Path, instance: dg.DagsterInstance
) -> None:
    report = add_old_video(store, home)
    instance.add_dynamic_partitions("videos", ["old", "no-row"])
    nothing = {
        "intermediate_values": {"values": 0, "vendor_answers": 0, "objects_without_row": 0},
        "old_results": {"videos": 0, "uploads_without_row": 0},
        "partition_keys": {"keys": 0},
        "event_log": {"events": 0, "runs": 0},
        "health_and_alerts": {"metrics": 0, "alerts": 0, "webhook_events": 0},
    }
    found = prune(instance)
    assert found["intermediate_values"]["values"] == 1
    assert found["partition_keys"] == {"keys": 2}
    assert found["old_results"] == {"videos": 0, "uploads_without_row": 0}
    assert set(found) == set(nothing)
    assert report.exists()
    assert prune(instance) == nothing


def test_old_results_go_with_the_copies_of_their_reports_where_days_are_set(
    store: Store, home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESULT_RETENTION_DAYS", "30")
    report = add_old_video(store, home)
    assert prune(instance)["old_results"] == {"videos": 1, "uploads_without_row": 0}
    assert videos.list_videos(store) == []
    assert not report.exists()


def test_it_runs_daily_by_itself() -> None:
    (schedule,) = (
        s for s in definitions_of(load_settings()).schedules or [] if s.name == "daily_retention"
    )
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING

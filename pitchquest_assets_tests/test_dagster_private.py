"""What the project uses of Dagster's private modules is still as it was."""

import inspect
import re

import sqlalchemy as sa

from pitchquest_assets import dagster_private as private
from pitchquest_assets_tests.support.places import ROOT

PRIVATE = re.compile(r"^\s*(from|import) dagster\w*\._|^\s*from dagster_shared\b", re.MULTILINE)


def test_only_one_module_imports_what_is_private() -> None:
    importing = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "pitchquest_assets").rglob("*.py"))
        if PRIVATE.search(path.read_text())
    ]
    assert importing == ["pitchquest_assets/dagster_private.py"]


def test_a_run_is_executed_by_its_job_the_run_and_the_instance() -> None:
    parameters = list(inspect.signature(private.execute_run).parameters)
    assert parameters[:3] == ["job", "dagster_run", "instance"]
    assert list(inspect.signature(private.InMemoryJob).parameters) == ["job_def"]


def test_a_process_executes_a_run_by_its_origin_and_leaves_the_environment_alone() -> None:
    parameters = list(inspect.signature(private.core_execute_run).parameters)
    assert parameters[:4] == ["recon_job", "dagster_run", "instance", "inject_env_vars"]
    assert list(inspect.signature(private.recon_job_from_origin).parameters) == ["origin"]


def test_a_launcher_is_given_a_run_and_says_how_its_worker_is() -> None:
    assert private.LaunchRunContext._fields == ("dagster_run", "workspace")
    assert private.CheckRunHealthResult._fields[:2] == ("status", "msg")
    assert {"RUNNING", "FAILED"} <= {status.name for status in private.WorkerStatus}


def test_the_data_of_failures_has_the_fields_that_are_read() -> None:
    for kind, names in (
        (private.JobFailureData, {"error"}),
        (private.StepFailureData, {"error", "user_failure_data"}),
        (private.SerializableErrorInfo, {"message", "cls_name", "cause"}),
    ):
        assert names <= set(inspect.signature(kind).parameters), kind
    judged = private.AssetCheckEvaluationTargetMaterializationData(
        storage_id=1, run_id="run", timestamp=0.0
    )
    assert (judged.storage_id, judged.run_id) == (1, "run")


def test_the_tables_that_are_pruned_have_the_columns_that_are_asked() -> None:
    tables: list[tuple[sa.Table, set[str]]] = [
        (private.SqlEventLogStorageTable, {"id", "event", "dagster_event_type", "run_id"}),
        (private.RunsTable, {"run_id", "pipeline_name", "status", "end_time"}),
        (private.AssetCheckExecutionsTable, {"run_id", "partition"}),
        (private.SqlEventLogStorageTable, {"asset_key", "partition"}),
        (private.AssetEventTagsTable, {"event_id"}),
        (
            private.AssetKeyTable,
            {"asset_key", "last_materialization", "last_run_id", "cached_status_data"},
        ),
        (private.BulkActionsTable, {"status", "body"}),
        (private.JobTickTable, {"tick_body"}),
    ]
    for table, columns in tables:
        assert columns <= set(table.c.keys()), table
    assert hasattr(private.SqlEventLogStorage, "index_connection")
    assert "last_run_key" in private.SensorInstigatorData._fields
    assert {"CANCELED", "COMPLETED_SUCCESS", "FAILED"} <= set(private.BACKFILL_ENDED)

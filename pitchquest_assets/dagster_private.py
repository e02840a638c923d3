"""All that this project takes from Dagster's private modules, each with the reason.

`test_dagster_private.py` fails where Dagster moves or changes one of them; nothing else here may
import from `dagster._…`.
"""

# Dagster exports the evaluation of a check, but not the part of it that says which materialization
# was judged; without it, Dagit takes the verdict for one of an older value.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

# `execute_in_process` is public, but keeps the values of all assets in memory to its end;
# `execute_job` is public, too, but does not let its caller choose the id of the run.
from dagster._core.definitions.job_base import InMemoryJob

# What the events of a failed run hold: events are public, their data is not.
from dagster._core.events import JobFailureData
from dagster._core.execution.api import execute_run
from dagster._core.execution.plan.objects import StepFailureData

# Dagster can delete runs, but neither single events nor the evaluations of checks.
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.runs.schema import RunsTable
from dagster_shared.error import SerializableErrorInfo

__all__ = [
    "AssetCheckEvaluationTargetMaterializationData",
    "AssetCheckExecutionsTable",
    "InMemoryJob",
    "JobFailureData",
    "RunsTable",
    "SerializableErrorInfo",
    "SqlEventLogStorage",
    "SqlEventLogStorageTable",
    "StepFailureData",
    "execute_run",
]

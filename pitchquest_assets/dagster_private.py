"""Everything that this project imports from Dagster's private modules, each with its reason.

`test_dagster_private.py` fails if Dagster moves or changes one of them; no other module of the
package may import from `dagster._…`.
"""

# Executes a run that a launcher has started; `dagster api execute_run` does no more, but in a new
# process each time.
from dagster._cli.api import _execute_run_command_body as execute_launched_run

# Dagster exports the evaluation of a check, but not the type that names the materialization which
# was judged; without it, Dagit shows the verdict as one on an older value.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

# `execute_in_process` is public, but keeps the values of all assets in memory until the run ends;
# `execute_job` is public too, but does not let its caller choose the run's id.
from dagster._core.definitions.job_base import InMemoryJob

# The data of failure events: the events are public, their data is not.
from dagster._core.events import JobFailureData
from dagster._core.execution.api import execute_run

# Which backfills have ended.
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES
from dagster._core.execution.plan.objects import StepFailureData

# Custom launchers are documented, but not what they are given and what they return.
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus

# What the state of a sensor consists of; the states are read and written by public methods.
from dagster._core.scheduler.instigation import SensorInstigatorData

# Dagster can delete runs, but neither single events, evaluations of checks, ticks nor backfills,
# nor the copy of the newest event that each asset has.
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.runs.schema import BulkActionsTable, RunsTable
from dagster._core.storage.schedules.schema import JobTickTable

# What the code server's own processes do with a run, signals and failures included.
from dagster._grpc.impl import core_execute_run
from dagster._utils.hosted_user_process import recon_job_from_origin

# A signal between two steps is remembered until Dagster can report it.
from dagster._utils.interrupts import capture_interrupts
from dagster_shared.error import SerializableErrorInfo

BACKFILL_ENDED = sorted({status.value for status in BULK_ACTION_TERMINAL_STATUSES})

__all__ = [
    "BACKFILL_ENDED",
    "AssetCheckEvaluationTargetMaterializationData",
    "AssetCheckExecutionsTable",
    "AssetEventTagsTable",
    "AssetKeyTable",
    "BulkActionsTable",
    "CheckRunHealthResult",
    "InMemoryJob",
    "JobFailureData",
    "JobTickTable",
    "LaunchRunContext",
    "RunsTable",
    "SensorInstigatorData",
    "SerializableErrorInfo",
    "SqlEventLogStorage",
    "SqlEventLogStorageTable",
    "StepFailureData",
    "WorkerStatus",
    "capture_interrupts",
    "core_execute_run",
    "execute_launched_run",
    "execute_run",
    "recon_job_from_origin",
]

"""One video through the graph, in this process."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from threading import Thread

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.execution.execution_result import ExecutionResult

from pitchquest_assets.automation.failure_causes import cause_of
from pitchquest_assets.definitions import defs
from pitchquest_assets.errors import Interrupted
from pitchquest_assets.model import PitchResult, Report
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store import scratch
from pitchquest_assets.store.rows import leases, queue, results, videos
from pitchquest_assets.store.rows.asset_values import Address, load_value
from pitchquest_assets.store.store import Store

Listener = Callable[[dg.EventLogEntry], None]


@dataclass(frozen=True)
class Outcome:
    """How one analysis ended: a result and a report, or a sentence."""

    video_id: str
    result: PitchResult | None = None
    report: Report | None = None
    error: str | None = None
    input_is_bad: bool = False


def run(store: Store, instance: dg.DagsterInstance, video_id: str, listener: Listener) -> Outcome:
    """Run every asset for one registered video; a failure ends as status 'failed', with why.

    Raises:
        Interrupted: Ctrl-C or a polite kill; the status is 'failed'.
    """
    run_id = str(uuid.uuid4())
    queue.claim(store, video_id, run_id, attempt=None)
    outcomes: Queue[Outcome | BaseException] = Queue()

    def work() -> None:
        try:
            outcomes.put(_execute(store, instance, video_id, run_id, listener))
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            outcomes.put(error)

    # Dagster catches the signals of the main thread and may start an interrupted step again.
    Thread(target=work, daemon=True).start()
    try:
        outcome = outcomes.get()
    except KeyboardInterrupt:
        _cancel(store, instance, video_id, run_id)
        raise Interrupted from None
    if isinstance(outcome, BaseException):
        raise outcome
    if outcome.error is not None:
        videos.mark_failed(store, video_id, outcome.error, run_id)
    return outcome


def _cancel(store: Store, instance: dg.DagsterInstance, video_id: str, run_id: str) -> None:
    videos.mark_failed(store, video_id, str(Interrupted()), run_id, cancelled=True)
    if dagster_run := instance.get_run_by_id(run_id):
        instance.report_run_canceled(dagster_run)
    # The process ends without the thread that would do it.
    leases.delete(store, run_id)
    scratch.remove_folders_of(load_settings(), run_id)


def _execute(
    store: Store, instance: dg.DagsterInstance, video_id: str, run_id: str, listener: Listener
) -> Outcome:
    instance.add_dynamic_partitions(str(videos_partitions.name), [video_id])
    instance.add_event_listener(run_id, listener)
    job = defs.resolve_job_def("analyze_pitch")
    dagster_run = instance.create_run_for_job(
        job,
        run_id=run_id,
        tags={**job.get_tags_for_partition_key(video_id, None), "video_id": video_id},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    # `execute_in_process` would keep the values of all assets in memory to its end.
    run_result = execute_run(InMemoryJob(job), dagster_run, instance)
    if not run_result.success:
        return _failure(video_id, run_result)
    return Outcome(
        video_id,
        result=results.get_result(store, video_id),
        report=load_value(store, Address("feedback_report", video_id), Report),
    )


def _failure(video_id: str, run_result: ExecutionResult) -> Outcome:
    cause = cause_of(run_result.all_events)
    return Outcome(video_id, error=cause.sentence, input_is_bad=cause.input_is_bad)

"""One video through the graph, in this process."""

import uuid
from dataclasses import dataclass
from queue import Queue
from threading import Thread
from typing import Protocol

import dagster as dg

from pitchquest_assets.assets.engines import RunProgress
from pitchquest_assets.automation.failure_causes import cause_of
from pitchquest_assets.dagster_private import InMemoryJob, execute_run
from pitchquest_assets.definitions import definitions_of
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.errors import Interrupted
from pitchquest_assets.model import PitchResult, Report
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.resources import run_config_of
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import scratch
from pitchquest_assets.store.rows import leases, queue, results, videos
from pitchquest_assets.store.rows.asset_values import Address, load_value
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store


class Watcher(Protocol):
    """Is notified of what happens during a run."""

    def step_started(self, name: str) -> None:
        """The step of this asset has started."""

    def step_succeeded(self, name: str) -> None:
        """The step of this asset has succeeded."""

    def announce(self, sentence: str) -> None:
        """An engine says in one sentence what it is about to do."""

    def downloaded(self, done_bytes: int, total_bytes: int) -> None:
        """The download of a model has come this far."""


@dataclass(frozen=True)
class WatchedProgress(RunProgress):
    """Reports to the log of the run and to a watcher."""

    watcher: Watcher

    def of(self, context: dg.AssetExecutionContext) -> Progress:
        """Return the progress of one step, which reports to both."""
        log = super().of(context)

        def announce(sentence: str) -> None:
            log.announce(sentence)
            self.watcher.announce(sentence)

        def downloaded(done_bytes: int, total_bytes: int) -> None:
            log.downloaded(done_bytes, total_bytes)
            self.watcher.downloaded(done_bytes, total_bytes)

        return Progress(announce, downloaded)


@dataclass(frozen=True)
class Outcome:
    """How one analysis ended: with a result and a report, or with a sentence in `error`."""

    video_id: str
    result: PitchResult | None = None
    report: Report | None = None
    error: str | None = None
    input_is_bad: bool = False


class Runner:
    """Runs every asset for a registered video, in this process, one video after another."""

    def __init__(
        self, store: Store, instance: dg.DagsterInstance, settings: Settings, watcher: Watcher
    ) -> None:
        self._store, self._instance, self._settings = store, instance, settings
        self._watcher = watcher
        definitions = definitions_of(settings, WatchedProgress(watcher))
        self._job = definitions.resolve_job_def("analyze_pitch")

    def run(self, video_id: str) -> Outcome:
        """Run every asset; if that fails, the video's status becomes 'failed', with the reason.

        Raises:
            UnknownVideo: no such video is registered.
            StoreUnavailable: the database does not answer.
            Interrupted: Ctrl-C or SIGTERM; the status is 'failed'.
        """
        run_id = str(uuid.uuid4())
        row = queue.claim(self._store, video_id, run_id, attempt=None)
        outcomes: Queue[Outcome | BaseException] = Queue()

        def work() -> None:
            try:
                outcomes.put(self._execute(row, run_id))
            except BaseException as error:  # noqa: BLE001  # raised again below
                outcomes.put(error)

        # In the main thread, Dagster would catch the signals.
        Thread(target=work, daemon=True).start()
        try:
            outcome = outcomes.get()
        except KeyboardInterrupt:
            self._cancel(video_id, run_id)
            raise Interrupted from None
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome.error is not None:
            videos.mark_failed(self._store, video_id, outcome.error, run_id)
        return outcome

    def _cancel(self, video_id: str, run_id: str) -> None:
        videos.mark_failed(self._store, video_id, str(Interrupted()), run_id, cancelled=True)
        if dagster_run := self._instance.get_run_by_id(run_id):
            self._instance.report_run_canceled(dagster_run)
        # The process ends before its other thread could do this.
        leases.delete(self._store, run_id)
        scratch.remove_folders_of(self._settings, run_id)

    def _execute(self, row: VideoRow, run_id: str) -> Outcome:
        video_id = row.video_id
        self._instance.add_dynamic_partitions(str(videos_partitions.name), [video_id])
        self._instance.add_event_listener(run_id, self._listen)
        tags = self._job.get_tags_for_partition_key(video_id, None)
        dagster_run = self._instance.create_run_for_job(
            self._job,
            run_id=run_id,
            tags={**tags, "video_id": video_id},
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                **run_config_of(row.options),
            },
        )
        # `execute_in_process` would keep the values of all assets in memory until the run ends.
        run_result = execute_run(InMemoryJob(self._job), dagster_run, self._instance)
        if not run_result.success:
            cause = cause_of(run_result.all_events)
            return Outcome(video_id, error=cause.sentence, input_is_bad=cause.input_is_bad)
        return Outcome(
            video_id,
            result=results.get_result(self._store, video_id),
            report=load_value(self._store, Address("feedback_report", video_id), Report),
        )

    def _listen(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event and event.is_step_start:
            self._watcher.step_started(str(event.step_key))
        elif event and event.is_step_success:
            self._watcher.step_succeeded(str(event.step_key))

"""One video through the graph, in this process."""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from pitchquest_assets.definitions import defs
from pitchquest_assets.errors import Interrupted, InvalidVideo, PitchQuestError
from pitchquest_assets.model import PitchResult, Report
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.store import Store, results, videos
from pitchquest_assets.store.values import Address, load_value

Listener = Callable[[dg.EventLogEntry], None]


@dataclass(frozen=True)
class Outcome:
    """How one analysis ended: a result and a report, or a sentence."""

    video_id: str
    result: PitchResult | None = None
    report: Report | None = None
    error: str | None = None
    input_is_bad: bool = False


def video_id_of(path: Path) -> str:
    """The id of a file that was given without one: its name, and eight digits for its place."""
    place = hashlib.sha256(str(path.resolve()).encode(errors="surrogateescape")).hexdigest()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:100]
    return f"{name or 'video'}-{place[:8]}"


def register(store: Store, path: Path, video_id: str, captions: Path | None) -> None:
    """Enter a file, readable or not, as an upload.

    Raises:
        InvalidVideoId: the id does not fit the pattern.
        InvalidVideo: the file's name is not text, so that no row can hold it.
    """
    if not str(path).isprintable():
        raise InvalidVideo(f"The name {str(path)!r} is not printable text; rename the file.")
    size = path.stat().st_size if path.is_file() else None
    videos.register(
        store,
        video_id,
        str(path.absolute()),
        captions_path=str(captions.absolute()) if captions else None,
        size_bytes=size,
    )


def run(store: Store, instance: dg.DagsterInstance, video_id: str, listener: Listener) -> Outcome:
    """Run every asset for one registered video; a failure ends as status 'failed', with why.

    Raises:
        Interrupted: Ctrl-C or a polite kill; the status is 'failed'.
    """
    run_id = str(uuid.uuid4())
    videos.mark_processing(store, video_id, run_id)
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
    videos.mark_failed(store, video_id, str(Interrupted()), run_id)
    if dagster_run := instance.get_run_by_id(run_id):
        instance.report_run_canceled(dagster_run)


def _execute(
    store: Store, instance: dg.DagsterInstance, video_id: str, run_id: str, listener: Listener
) -> Outcome:
    instance.add_dynamic_partitions(str(videos_partitions.name), [video_id])
    instance.add_event_listener(run_id, listener)
    run_result = defs.resolve_job_def("analyze_pitch").execute_in_process(
        instance=instance,
        partition_key=video_id,
        run_id=run_id,
        raise_on_error=False,
        tags={"video_id": video_id},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    if not run_result.success:
        return _failure(video_id, run_result)
    return Outcome(
        video_id,
        result=results.get_result(store, video_id),
        report=load_value(store, Address("feedback_report", video_id), Report),
    )


def _failure(video_id: str, run_result: dg.ExecuteInProcessResult) -> Outcome:
    """The sentence of the step that failed first; ours as it is, others with the step's name."""
    events = run_result.all_events
    failed = next((event for event in events if event.is_step_failure or event.is_failure), None)
    if failed is None:  # cancelled in Dagit
        return Outcome(video_id, error=str(Interrupted()))
    if not failed.is_step_failure:
        errors = list(_chain(failed.job_failure_data.error))
    else:
        data = failed.step_failure_data
        if data.user_failure_data:
            bad = data.user_failure_data.metadata.get("input_is_bad")
            told = data.user_failure_data.description
            return Outcome(video_id, error=told, input_is_bad=bool(bad and bad.value))
        errors = list(_chain(data.error))
    message = errors[-1].message.strip() if errors else "no reason was given"
    class_name, _, sentence = message.partition(": ")
    if class_name.startswith(PitchQuestError.__module__.split(".")[0]):
        return Outcome(video_id, error=sentence)
    return Outcome(video_id, error=f"{failed.step_key or 'The run'} failed: {message}")


def _chain(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    """The error, its cause, the cause of that, and so on."""
    while error is not None:
        yield error
        error = error.cause

"""Why a run came to nothing, as one sentence, and whether another try may help."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from pitchquest_assets.dagster_private import (
    JobFailureData,
    SerializableErrorInfo,
    StepFailureData,
)
from pitchquest_assets.errors import Interrupted, PitchQuestError, StoreUnavailable

# What these say of, another worker or another minute may mend.
PASSING = {error.__name__ for error in (Interrupted, StoreUnavailable)}
# Dagster's own storage, and Dagster's way to say that the worker was told to stop.
PASSING_ELSEWHERE = ("OperationalError", "InterfaceError", "DagsterExecutionInterruptedError")
# How the multiprocess executor says that the process of a step was killed.
STEP_LOST = "ChildProcessCrashException"
OURS = PitchQuestError.__module__.partition(".")[0] + "."
WORKER_LOST = "The worker of this analysis was lost"
READ = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_CANCELING,
    dg.DagsterEventType.RUN_FAILURE,
}


@dataclass(frozen=True)
class Cause:
    """Why a run came to nothing: whose fault, whether it may pass, or a person's wish."""

    sentence: str
    input_is_bad: bool = False
    passing: bool = False
    cancelled: bool = False


def cause_of(events: Iterable[dg.DagsterEvent]) -> Cause:
    """What the events of a failed or cancelled run say, oldest first.

    A cancellation goes before all, as the steps that it stops fail too; then the first step that
    failed; a run without either lost its worker.
    """
    seen = [event for event in events if event.event_type in READ]
    for event in seen:
        if event.event_type == dg.DagsterEventType.RUN_CANCELING:
            return _cancelled(event.message or "")
    for event in seen:
        if event.is_step_failure:
            return _step_failed(str(event.step_key), event.step_failure_data)
    return Cause(f"{WORKER_LOST} ({_reason(seen[-1] if seen else None)}).", passing=True)


def _reason(failure: dg.DagsterEvent | None) -> str:
    """What the failure of a whole run says; there is no error where another than it reports it."""
    found = failure.event_specific_data if failure else None
    error = found.error if isinstance(found, JobFailureData) else None
    told = [one.message for one in _chain(error)] or [(failure and failure.message) or ""]
    return told[-1].strip().rstrip(".") or "no reason was given"


def _cancelled(message: str) -> Cause:
    if "maximum runtime" in message:
        return Cause(
            f"The analysis was ended: {message.rpartition('due to ')[2].rstrip('.')} "
            "(PITCHQUEST_MAX_RUN_SECONDS)."
        )
    return Cause("The analysis was cancelled; `pitchquest retry` starts it again.", cancelled=True)


def _step_failed(step: str, data: StepFailureData) -> Cause:
    """Our own sentence as it is, another's with the step's name."""
    if told := data.user_failure_data:
        flags = {key: value.value for key, value in told.metadata.items()}
        return Cause(
            told.description or "",
            input_is_bad=bool(flags.get("input_is_bad")),
            passing=flags.get("error") in PASSING,
        )
    errors = list(_chain(data.error))
    if any(error.cls_name == STEP_LOST for error in errors):
        return Cause(f"{WORKER_LOST} (the process of {step} is gone).", passing=True)
    # One of ours says more than the error that it was raised from.
    for error in errors:
        class_name, _, sentence = error.message.strip().partition(": ")
        if class_name.startswith(OURS):
            return Cause(sentence, passing=class_name.rpartition(".")[2] in PASSING)
    message = errors[-1].message.strip() if errors else "no reason was given"
    passing = any(str(error.cls_name) in PASSING_ELSEWHERE for error in errors)
    return Cause(f"{step} failed: {message}", passing=passing)


def _chain(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    """The error, its cause, the cause of that, and so on."""
    while error is not None:
        yield error
        error = error.cause

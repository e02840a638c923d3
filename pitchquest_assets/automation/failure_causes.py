"""Why a run failed or was cancelled, in one sentence, and whether another try may help."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from pitchquest_assets.dagster_private import (
    JobFailureData,
    SerializableErrorInfo,
    StepFailureData,
)
from pitchquest_assets.errors import Interrupted, PitchQuestError, StoreUnavailable

# Another worker, or waiting for a minute, may help with this.
PASSING = StoreUnavailable.__name__
# Errors of Dagster's own storage.
PASSING_ELSEWHERE = ("OperationalError", "InterfaceError")
# What ends a step in a worker that is stopped.
INTERRUPTS = (KeyboardInterrupt.__name__, dg.DagsterExecutionInterruptedError.__name__)
# What the multiprocess executor raises when the process of a step was killed.
STEP_LOST = "ChildProcessCrashException"
OURS = PitchQuestError.__module__.partition(".")[0] + "."
WORKER_LOST = "The worker of this analysis was lost"
READ = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_CANCELING,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
}
SHUT_DOWN = "PitchQuest was shut down."


@dataclass(frozen=True)
class Cause:
    """Why a run ended without success.

    The input may be bad, the cause may be `passing`, so that another try may help, or a person
    has cancelled the run.
    """

    sentence: str
    input_is_bad: bool = False
    passing: bool = False
    cancelled: bool = False


def cause_of(events: Iterable[dg.DagsterEvent]) -> Cause:
    """Return the cause that the events of a failed or cancelled run show.

    A cancellation counts first, as the steps that it stops fail too, then the first failed step. A
    run with neither has lost its worker.

    Args:
        events: the oldest first.
    """
    seen = [event for event in events if event.event_type in READ]
    for event in seen:
        if event.event_type == dg.DagsterEventType.RUN_CANCELING:
            return _cancelled(event.message or "")
    for event in seen:
        if event.is_step_failure:
            return _step_failed(str(event.step_key), event.step_failure_data)
    for event in seen:
        # A forced cancellation of a run that is starting has no RUN_CANCELING.
        if event.event_type == dg.DagsterEventType.RUN_CANCELED and event.message != SHUT_DOWN:
            return _cancelled("")
    return Cause(f"{WORKER_LOST} ({_reason(seen[-1] if seen else None)}).", passing=True)


def _reason(failure: dg.DagsterEvent | None) -> str:
    """The message of a failed run; it has no error if another process reported the failure."""
    found = failure.event_specific_data if failure else None
    error = found.error if isinstance(found, JobFailureData) else None
    messages = [one.message for one in _chain(error)] or [(failure and failure.message) or ""]
    return messages[-1].strip().rstrip(".") or "no reason was given"


def _cancelled(message: str) -> Cause:
    if "maximum runtime" in message:
        return Cause(
            f"The analysis was ended: {message.rpartition('due to ')[2].rstrip('.')} "
            "(PITCHQUEST_MAX_RUN_SECONDS)."
        )
    return Cause("The analysis was cancelled; `pitchquest retry` starts it again.", cancelled=True)


def _step_failed(step: str, data: StepFailureData) -> Cause:
    """Our own sentence as it is; any other message with the name of the step."""
    if failure := data.user_failure_data:
        flags = {key: value.value for key, value in failure.metadata.items()}
        return Cause(
            failure.description or "",
            input_is_bad=bool(flags.get("input_is_bad")),
            passing=flags.get("error") == PASSING,
        )
    errors = list(_chain(data.error))
    if any(error.cls_name == STEP_LOST for error in errors):
        return Cause(f"{WORKER_LOST} (the process of {step} is gone).", passing=True)
    if any(error.cls_name in INTERRUPTS for error in errors):
        return Cause(str(Interrupted()), passing=True)
    # Our own error says more than the one that caused it.
    for error in errors:
        class_name, _, sentence = error.message.strip().partition(": ")
        if class_name.startswith(OURS):
            return Cause(sentence, passing=class_name.rpartition(".")[2] == PASSING)
    message = errors[-1].message.strip() if errors else "no reason was given"
    passing = any(str(error.cls_name) in PASSING_ELSEWHERE for error in errors)
    return Cause(f"{step} failed: {message}", passing=passing)


def _chain(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    """The error, its cause, the cause of that, and so on."""
    while error is not None:
        yield error
        error = error.cause

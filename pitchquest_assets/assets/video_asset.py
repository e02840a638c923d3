"""What all assets share: partitions, retries, timing, checks, and failures with a clear cause."""

import functools
import inspect
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_type_hints

import dagster as dg

from pitchquest_assets.assets.checks import ValueCheck
from pitchquest_assets.assets.data_versions import versioned_output
from pitchquest_assets.assets.run_worker import RunWorker
from pitchquest_assets.errors import (
    BudgetExceeded,
    CheckFailed,
    EngineUnavailable,
    InvalidInput,
    PitchQuestError,
    SettingsError,
    StoreCorrupt,
    Superseded,
    UnknownVideo,
    UnusableAnswer,
    VendorRefused,
    VendorUnavailable,
)
from pitchquest_assets.media.probe import Limits
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store

# Trying again cannot help with these.
LASTING = (
    InvalidInput,
    EngineUnavailable,
    SettingsError,
    StoreCorrupt,
    Superseded,
    UnknownVideo,
    BudgetExceeded,
    CheckFailed,
    UnusableAnswer,
    VendorRefused,
)
# `engines.vendors.calls` has already tried the vendor as often as the settings allow.
TRIED_ENOUGH = (VendorUnavailable,)
INTERRUPTS = (KeyboardInterrupt, dg.DagsterExecutionInterruptedError)


class _Retries(dg.RetryPolicy):
    """Retries a step that has failed, and none that was interrupted."""

    def calculate_delay(self, attempt_num: int) -> float:
        """Return the seconds until this retry; raise the interrupt that Dagster would retry."""
        # Dagster asks while it handles what has ended the step (`op_execution_error_boundary`).
        cause = sys.exception()
        if isinstance(cause, INTERRUPTS):
            raise cause
        return float(super().calculate_delay(attempt_num))


RETRIES = _Retries(
    max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def video_asset(
    *,
    code_version: str,
    group: str,
    kinds: set[str],
    guards: tuple[ValueCheck, ...] = (),
    checks: tuple[ValueCheck, ...] = (),
    pool: str | None = None,
    deps: tuple[str, ...] = (),
    afterwards: Callable[[Store, Settings, str], None] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`@dg.asset` for one value of one video, made by a worker that has a lease.

    One of our own errors fails the step with its sentence, and the step is not retried if the
    input, the settings or a missing engine caused it. The step's seconds become metadata.

    Args:
        guards: checks before the value is stored; a value that fails one is not stored.
        checks: checks of the stored value.
        pool: limits how many steps may use one vendor at the same time.
        deps: assets that it does not load, but that make it stale.
        afterwards: called with the video's id after all checks.
    """

    def decorate(compute: Callable[..., Any]) -> dg.AssetsDefinition:
        step = _Step(compute, code_version, guards, checks)

        @functools.wraps(compute)
        def made(
            context: dg.AssetExecutionContext,
            store: StoreResource,
            worker: RunWorker,
            **inputs: Any,
        ) -> Any:
            value = step.compute_value(context, store, worker, inputs)
            yield from step.outcome(context, store.store(), value)
            if afterwards:
                afterwards(store.store(), store.settings.in_force(), context.partition_key)

        made.__signature__ = _with_resources(compute)  # type: ignore[attr-defined]
        return dg.asset(
            partitions_def=videos_partitions,
            code_version=code_version,
            dagster_type=get_type_hints(compute)["return"],
            group_name=group,
            kinds=kinds,
            owners=["team:pitchquest"],
            retry_policy=RETRIES,
            pool=pool,
            deps=deps,
        )(made)

    return decorate


@dataclass(frozen=True)
class _Step:
    """What the step of one asset does around the function that computes its value."""

    compute: Callable[..., Any]
    code_version: str
    guards: tuple[ValueCheck, ...]
    checks: tuple[ValueCheck, ...]

    def compute_value(
        self,
        context: dg.AssetExecutionContext,
        store: StoreResource,
        worker: RunWorker,
        inputs: dict[str, Any],
    ) -> Any:
        """Compute the value and note the seconds as metadata; one of our errors fails the step."""
        started = time.monotonic()
        if "store" in inspect.signature(self.compute).parameters:
            inputs["store"] = store
        try:
            worker.begin(context)
            value = self.compute(context, **inputs)
        except PitchQuestError as error:
            if isinstance(error, LASTING):
                mark_failed(store.store(), context, error)
            raise as_failure(error) from error
        context.add_asset_metadata({"seconds": round(time.monotonic() - started, 2)})
        return value

    def outcome(
        self, context: dg.AssetExecutionContext, store: Store, value: Any
    ) -> Iterator[dg.Output[Any] | dg.AssetCheckEvaluation]:
        """Yield the value, unless a guard refuses it, and what the checks find."""
        for guard in self.guards:
            if not guard.judge(value, store).passed:
                yield from _report(guard, value, context, store)
        yield versioned_output(value, self.code_version)
        for check in (*self.guards, *self.checks):
            yield from _report(check, value, context, store)


def _with_resources(compute: Callable[..., Any]) -> inspect.Signature:
    """The signature that Dagster reads inputs and resources from, with the store and the worker."""
    signature = inspect.signature(compute)
    hints = get_type_hints(compute)
    parameters = [p.replace(annotation=hints[p.name]) for p in signature.parameters.values()]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=resource)
        for name, resource in (("store", StoreResource), ("worker", RunWorker))
        if name not in signature.parameters
    ]
    return signature.replace(parameters=parameters)


def _report(
    check: ValueCheck, value: Any, context: dg.AssetExecutionContext, store: Store
) -> Iterator[dg.AssetCheckEvaluation]:
    """Report to Dagster what the check finds; a blocking check that fails ends the run."""
    verdict = check.judge(value, store)
    # Yielded, because Dagster drops what `context.log_event` has logged before an error.
    yield check.evaluation(verdict, context)
    if check.blocking and not verdict.passed:
        error = CheckFailed(verdict.sentence)
        # Even if this run has completed the video: its result cannot be relied on.
        mark_failed(store, context, error, even_completed=True)
        raise as_failure(error)


def mark_failed(
    store: Store,
    context: dg.AssetExecutionContext,
    error: PitchQuestError,
    *,
    even_completed: bool = False,
) -> None:
    """Set the video to 'failed' at once, whoever started the run: trying again cannot help.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    videos.mark_failed(
        store,
        context.partition_key,
        str(error),
        context.run.run_id,
        even_completed=even_completed,
    )


def as_failure(error: PitchQuestError) -> dg.Failure:
    """Return the error as Dagster shows it: its sentence, its class, and whether to try again."""
    return dg.Failure(
        description=str(error),
        metadata={"error": type(error).__name__, "input_is_bad": isinstance(error, InvalidInput)},
        allow_retries=not isinstance(error, LASTING + TRIED_ENOUGH),
    )


def limits_of(settings: Settings) -> Limits:
    """Return the limits on one file."""
    return Limits(
        max_size_mb=settings.max_size_mb,
        max_duration_seconds=settings.max_duration_seconds,
        max_pixels=settings.max_pixels,
        max_decode_seconds=settings.max_decode_seconds,
        max_decode_memory_mb=settings.max_decode_memory_mb,
    )

"""What all assets share: partitioned by video, timed, and clear about whose fault a failure is."""

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from pitchquest_assets.assets.checks import ValueCheck, Verdict
from pitchquest_assets.errors import (
    BudgetExceeded,
    CheckFailed,
    EngineUnavailable,
    Interrupted,
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
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import open_store

# Trying again cannot mend these.
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
# `engines.clients` has tried the vendor as often as the settings say, and as long as it asked for.
TRIED_ENOUGH = (Interrupted, VendorUnavailable)
RETRIES = dg.RetryPolicy(
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
    afterwards: Callable[[str], None] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`@dg.asset` for one value of one video.

    An error of ours fails the step with its own sentence; one that lies in the input, the settings
    or a missing engine is not retried. The step's seconds become metadata. A value that fails one
    of the `guards` is not stored; `checks` see it once it is, and after them `afterwards` is called
    with the video's id. `pool` limits how many steps may use one vendor at the same time.
    """

    def decorate(compute: Callable[..., Any]) -> dg.AssetsDefinition:
        @functools.wraps(compute)
        def timed(context: dg.AssetExecutionContext, **inputs: Any) -> Iterator[Any]:
            started = time.monotonic()
            try:
                value = compute(context, **inputs)
            except PitchQuestError as error:
                raise as_failure(error, context) from error
            except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as error:
                # Dagster would try an interrupted step again as if it had failed.
                raise as_failure(Interrupted(), context) from error
            context.add_asset_metadata({"seconds": round(time.monotonic() - started, 2)})
            for guard in guards:
                if not _judge(guard, value).passed:
                    yield from _report(guard, value, context)
            yield dg.Output(value)
            for check in (*guards, *checks):
                yield from _report(check, value, context)
            if afterwards:
                afterwards(context.partition_key)

        return dg.asset(
            partitions_def=videos_partitions,
            code_version=code_version,
            group_name=group,
            kinds=kinds,
            owners=["team:pitchquest"],
            retry_policy=RETRIES,
            pool=pool,
        )(timed)

    return decorate


def _judge(check: ValueCheck, value: Any) -> Verdict:
    return check.judge(value, open_store(load_settings()))


def _report(
    check: ValueCheck, value: Any, context: dg.AssetExecutionContext
) -> Iterator[dg.AssetCheckEvaluation]:
    """Let Dagit show what the check finds; a blocking check that fails ends the run."""
    verdict = _judge(check, value)
    # Yielded, as Dagster drops what was logged by `context.log_event` before an error.
    yield check.evaluation(verdict, context)
    if check.blocking and not verdict.passed:
        # Also where this run has completed it: its result is not to be relied on.
        store, run_id = open_store(load_settings()), context.run.run_id
        videos.mark_failed(
            store, context.partition_key, verdict.sentence, run_id, even_completed=True
        )
        raise as_failure(CheckFailed(verdict.sentence), context)


def as_failure(error: PitchQuestError, context: dg.AssetExecutionContext) -> dg.Failure:
    """The error as Dagster shows it: its sentence, its class, and whether to try again.

    One that lasts marks the video as failed at once, whoever started the run; an interruption is
    left to who knows whether the run was cancelled or its worker was only shut down.
    """
    lasts = isinstance(error, LASTING)
    if lasts:
        store = open_store(load_settings())
        videos.mark_failed(store, context.partition_key, str(error), context.run.run_id)
    return dg.Failure(
        description=str(error),
        metadata={"error": type(error).__name__, "input_is_bad": isinstance(error, InvalidInput)},
        allow_retries=not lasts and not isinstance(error, TRIED_ENOUGH),
    )

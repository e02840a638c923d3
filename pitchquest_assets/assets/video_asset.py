"""What all assets share: partitioned by video, timed, and clear about whose fault a failure is."""

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from pitchquest_assets.assets.checks import ValueCheck
from pitchquest_assets.assets.run_worker import RunWorker
from pitchquest_assets.errors import (
    BudgetExceeded,
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
from pitchquest_assets.store.rows import videos

# Trying again cannot mend these.
LASTING = (
    InvalidInput,
    EngineUnavailable,
    SettingsError,
    StoreCorrupt,
    Superseded,
    UnknownVideo,
    BudgetExceeded,
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
    checks: tuple[ValueCheck, ...] = (),
    pool: str | None = None,
    afterwards: Callable[[str], None] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`@dg.asset` for one value of one video, made by a worker that has a lease.

    An error of ours fails the step with its own sentence; one that lies in the input, the settings
    or a missing engine is not retried. The step's seconds become metadata; `checks` see the value
    once it is stored, and after them `afterwards` is called with the video's id. `pool` limits how
    many steps may use one vendor at the same time.
    """

    def decorate(compute: Callable[..., Any]) -> dg.AssetsDefinition:
        @functools.wraps(compute)
        def timed(
            context: dg.AssetExecutionContext, worker: RunWorker, **inputs: Any
        ) -> Iterator[Any]:
            started = time.monotonic()
            try:
                worker.begin(context)
                value = compute(context, **inputs)
            except PitchQuestError as error:
                if isinstance(error, LASTING):
                    # At once, whoever started the run; what passes is settled by its sensors.
                    videos.mark_failed(
                        worker.store.store(), context.partition_key, str(error), context.run.run_id
                    )
                raise as_failure(error) from error
            except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as error:
                # Dagster would try an interrupted step again as if it had failed.
                raise as_failure(Interrupted()) from error
            context.add_asset_metadata({"seconds": round(time.monotonic() - started, 2)})
            yield dg.Output(value)
            for check in checks:
                yield check.result(value)
            if afterwards:
                afterwards(context.partition_key)

        # Dagster reads from the signature what a step takes.
        signature = inspect.signature(compute)
        worker = inspect.Parameter("worker", inspect.Parameter.KEYWORD_ONLY, annotation=RunWorker)
        parameters = [*signature.parameters.values(), worker]
        timed.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return dg.asset(
            partitions_def=videos_partitions,
            code_version=code_version,
            group_name=group,
            kinds=kinds,
            owners=["team:pitchquest"],
            retry_policy=RETRIES,
            check_specs=[check.spec(compute.__name__) for check in checks],
            pool=pool,
        )(timed)

    return decorate


def as_failure(error: PitchQuestError) -> dg.Failure:
    """The error as Dagster shows it: its sentence, its class, and whether to try again."""
    return dg.Failure(
        description=str(error),
        metadata={"error": type(error).__name__, "input_is_bad": isinstance(error, InvalidInput)},
        allow_retries=not isinstance(error, LASTING + TRIED_ENOUGH),
    )

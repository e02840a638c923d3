"""What all assets share: partitioned by video, timed, and clear about whose fault a failure is."""

import functools
import inspect
import time
from collections.abc import Callable
from typing import Any, get_type_hints

import dagster as dg

from pitchquest_assets.assets.checks import ValueCheck
from pitchquest_assets.assets.data_versions import versioned_output
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
from pitchquest_assets.media.probe import Limits
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store

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
# `engines.vendors.calls` has tried the vendor as often as the settings say.
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
    afterwards: Callable[[Store, Settings, str], None] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`@dg.asset` for one value of one video.

    An error of ours fails the step with its own sentence; one that lies in the input, the settings
    or a missing engine is not retried. The step's seconds become metadata; `checks` see the value
    once it is stored, and `afterwards` is called then with the video's id. `pool` limits how many
    steps may use one vendor at the same time.
    """

    def decorate(compute: Callable[..., Any]) -> dg.AssetsDefinition:
        needs_store = "store" in inspect.signature(compute).parameters

        @functools.wraps(compute)
        def timed(context: dg.AssetExecutionContext, store: StoreResource, **inputs: Any) -> Any:
            started = time.monotonic()
            if needs_store:
                inputs["store"] = store
            try:
                value = compute(context, **inputs)
            except PitchQuestError as error:
                if isinstance(error, LASTING):
                    mark_failed(store.store(), context, error)
                raise as_failure(error) from error
            except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as error:
                # Dagster would try an interrupted step again as if it had failed.
                raise as_failure(Interrupted()) from error
            context.add_asset_metadata({"seconds": round(time.monotonic() - started, 2)})
            yield versioned_output(value, code_version)
            for check in checks:
                yield check.result(value)
            if afterwards:
                afterwards(store.store(), store.settings.in_force(), context.partition_key)

        timed.__signature__ = _with_store(compute)  # type: ignore[attr-defined]
        return dg.asset(
            partitions_def=videos_partitions,
            code_version=code_version,
            dagster_type=get_type_hints(compute)["return"],
            group_name=group,
            kinds=kinds,
            owners=["team:pitchquest"],
            retry_policy=RETRIES,
            check_specs=[check.spec(compute.__name__) for check in checks],
            pool=pool,
        )(timed)

    return decorate


def _with_store(compute: Callable[..., Any]) -> inspect.Signature:
    """The signature that Dagster reads inputs and resources from: the store is always one."""
    signature = inspect.signature(compute)
    hints = get_type_hints(compute)
    parameters = [p.replace(annotation=hints[p.name]) for p in signature.parameters.values()]
    if "store" not in signature.parameters:
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter("store", keyword, annotation=StoreResource))
    return signature.replace(parameters=parameters)


def mark_failed(store: Store, context: dg.AssetExecutionContext, error: PitchQuestError) -> None:
    """Set the video to 'failed' at once, whoever started the run: trying again cannot help."""
    videos.mark_failed(store, context.partition_key, str(error), context.run.run_id)


def as_failure(error: PitchQuestError) -> dg.Failure:
    """The error as Dagster shows it: its sentence, its class, and whether to try again."""
    return dg.Failure(
        description=str(error),
        metadata={"error": type(error).__name__, "input_is_bad": isinstance(error, InvalidInput)},
        allow_retries=not isinstance(error, LASTING + TRIED_ENOUGH),
    )


def limits_of(settings: Settings) -> Limits:
    """How much one file may ask for."""
    return Limits(
        max_size_mb=settings.max_size_mb,
        max_duration_seconds=settings.max_duration_seconds,
        max_pixels=settings.max_pixels,
        max_decode_seconds=settings.max_decode_seconds,
    )

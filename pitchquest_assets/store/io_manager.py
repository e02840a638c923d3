"""The IO manager: stores a value by its type, and loads one by the annotation of the input."""

from typing import Any, get_args, get_origin

import dagster as dg

from pitchquest_assets.errors import (
    PitchQuestError,
    ResultSpooled,
    StoreUnavailable,
    Superseded,
)
from pitchquest_assets.model import PitchResult
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import spool
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.asset_values import (
    Address,
    ValueMissing,
    ValueNotStorable,
    alternatives,
    load_value,
    save_value,
)
from pitchquest_assets.store.rows.results import get_result, save_result
from pitchquest_assets.store.rows.videos import check_video_id
from pitchquest_assets.store.store import Store


class SupabaseIOManager(dg.ConfigurableIOManager):
    """Stores the values of assets in PostgreSQL and the object store.

    - A `PitchResult` becomes the video's row in `analysis_results`, and the video 'completed', in
      one transaction. An input gets it only if it is annotated with that type. If the database
      cannot take the result, it waits in the spool and the run fails. A run that has lost its video
      to another one fails too.
    - A value with bytes becomes an object first, then a row in `asset_values`.
    - Anything else that JSON can represent, None included, becomes a row in `asset_values`.

    Reading follows Dagster's UPathIOManager: one partition gives the value, several give a dict by
    key. A missing one raises FileNotFoundError, unless the input's metadata has
    `allow_missing_partitions`: then it is left out with a warning, or None if it is the only one.
    """

    store: StoreResource

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store one value.

        Raises:
            ValueNotStorable: it does not fit its asset or its partition, or cannot become JSON.
            StoreUnavailable: the database or the object store does not answer.
            dg.Failure: it is a result that waits in the spool, or another run has the video.
        """
        address = Address(_asset_key(context), _output_partition(context))
        store = self.store.store()
        if isinstance(obj, PitchResult):
            if obj.video_id != address.partition_key:
                raise ValueNotStorable(
                    f"{address} must hold the result of its own video, not of {obj.video_id!r}."
                )
            settings = self.store.settings.in_force()
            try:
                save_result(store, obj, if_held=True)
            except StoreUnavailable as error:
                raise _failure(_spooled(store, settings, obj)) from error
            except Superseded as error:
                raise _failure(error) from error
            if settings.save_json_backup:
                spool.write(spool.backup_folder(settings), obj)
            context.add_output_metadata({"table": "analysis_results"})
            return
        stored = save_value(
            store, address, obj, run_id=context.run_id, code_version=_code_version(context)
        )
        metadata: dict[str, Any] = {"size_bytes": dg.MetadataValue.int(stored.size_bytes)}
        if stored.object_path:
            metadata["path"] = dg.MetadataValue.path(stored.object_path)
        context.add_output_metadata(metadata)

    def load_input(self, context: dg.InputContext) -> Any:
        """Return the value of one partition, or a dict of the values of several by key.

        Raises:
            ValueMissing: there is no value, and the input does not allow that.
            StoreUnavailable: the database or the object store does not answer.
        """
        asset_key = _asset_key(context)
        store = self.store.store()
        expected = context.dagster_type.typing_type
        if not context.has_asset_key or not context.has_asset_partitions:
            return _load(store, Address(asset_key, ""), expected)
        addresses = [Address(asset_key, check_video_id(k)) for k in context.asset_partition_keys]
        if not addresses:
            return None
        if len(addresses) == 1:
            return _load_allowed(store, context, addresses[0], expected).get(
                addresses[0].partition_key
            )
        values: dict[str, Any] = {}
        for address in sorted(addresses):
            values |= _load_allowed(store, context, address, _value_type(expected))
        return values


def _spooled(store: Store, settings: Settings, result: PitchResult) -> ResultSpooled:
    """Put the result into the spool."""
    place = spool.keep(store, settings, result)
    return ResultSpooled(
        f"The database could not take the result of {result.video_id}, which is safe in {place}: "
        "it is stored when the database answers again (`pitchquest recover`)."
    )


def _failure(error: PitchQuestError) -> dg.Failure:
    """The failure of a run whose result it would not help to make again."""
    return dg.Failure(str(error), {"error": type(error).__name__}, allow_retries=False)


def _load_allowed(
    store: Store, context: dg.InputContext, address: Address, expected: Any
) -> dict[str, Any]:
    """The value under its key; {} if it is missing and is allowed to be."""
    try:
        return {address.partition_key: _load(store, address, expected)}
    except ValueMissing:
        if not (context.definition_metadata or {}).get("allow_missing_partitions", False):
            raise
        context.log.warning(
            f"{address} has no stored value and is left out, as the input's metadata has "
            "allow_missing_partitions."
        )
        return {}


def _load(store: Store, address: Address, expected: Any) -> Any:
    if PitchResult not in alternatives(expected):
        return load_value(store, address, expected)
    result = get_result(store, address.partition_key)
    if result is None:
        raise ValueMissing(f"{address} has no stored result: materialise it first.")
    return result


def _value_type(annotation: Any) -> Any:
    """T of dict[str, T] or Mapping[str, T]; Any for any other annotation."""
    arguments = get_args(annotation)
    return arguments[1] if get_origin(annotation) and len(arguments) == 2 else Any


def _asset_key(context: dg.InputContext | dg.OutputContext) -> str:
    path = context.asset_key.path if context.has_asset_key else context.get_identifier()
    return "/".join(path)


def _output_partition(context: dg.OutputContext) -> str:
    if not context.has_asset_key or not context.has_asset_partitions:
        return ""
    keys = context.asset_partition_keys
    if len(keys) != 1:
        raise ValueNotStorable(
            f"{_asset_key(context)} is one value for {len(keys)} partitions: launch the backfill "
            "with one run per partition."
        )
    return check_video_id(keys[0])


def _code_version(context: dg.OutputContext) -> str | None:
    return context.asset_spec.code_version if context.has_asset_key else None

"""How an asset calls a vendor: by the settings, with the run's own ledger."""

import dagster as dg

from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows.vendor_calls import CallLedger
from pitchquest_assets.store.store import open_store


def caller_of(context: dg.AssetExecutionContext) -> Caller:
    """The caller of this run for its video; what it waits for is told in the run's log."""
    settings = load_settings()
    ledger = CallLedger(open_store(settings), context.partition_key, context.run.run_id)
    return Caller(settings, ledger, context.log.info)

"""What an asset needs to use an engine: the options of the run, a vendor's caller, progress."""

import dagster as dg

from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.engines.weights.progress import Progress, log_progress
from pitchquest_assets.resources import OptionsResource
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.vendor_calls import CallLedger


class RunProgress:
    """Where engines report what they do: the run's log; `pitchquest analyze` adds its terminal."""

    def of(self, context: dg.AssetExecutionContext) -> Progress:
        """Return the progress of one step."""
        return log_progress(context.log.info)


class EnginesResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The engines of one run."""

    store: StoreResource
    options: OptionsResource
    progress: dg.ResourceDependency[RunProgress]

    def settings(self) -> Settings:
        """Return the settings of this run; raises like `OptionsResource.in_force`."""
        return self.options.in_force()

    def progress_of(self, context: dg.AssetExecutionContext) -> Progress:
        """Return the progress to which the engine of a step reports."""
        return self.progress.of(context)

    def caller_of(self, context: dg.AssetExecutionContext) -> Caller:
        """Return the caller of vendors for a step, with the run's options and its own ledger."""
        ledger = CallLedger(self.store.store(), context.partition_key, context.run.run_id)
        return Caller(self.settings(), ledger, self.progress_of(context).announce)

"""The project's definitions as a code location whose runs have a process for each step."""

import dagster as dg

from pitchquest_assets import definitions

_own = definitions.defs

defs = dg.Definitions(
    assets=_own.assets,
    asset_checks=_own.asset_checks,
    jobs=_own.jobs,
    resources=_own.resources,
    executor=dg.multiprocess_executor,
)
del _own  # Dagster looks for the only one of a module

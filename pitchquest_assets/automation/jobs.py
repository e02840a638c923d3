"""The jobs."""

import dagster as dg

analyze_pitch = dg.define_asset_job(
    "analyze_pitch",
    selection=dg.AssetSelection.all(),
    description="Everything from the uploaded file to the report, for one video. The launchpad "
    "shows what can be chosen for one run under `resources: options: config`.",
)

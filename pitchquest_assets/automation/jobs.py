"""The jobs."""

import dagster as dg

from pitchquest_assets.partitions import videos_partitions

analyze_pitch = dg.define_asset_job(
    "analyze_pitch",
    selection=dg.AssetSelection.all(),
    partitions_def=videos_partitions,
    description="Everything from the uploaded file to the report, for one video.",
)

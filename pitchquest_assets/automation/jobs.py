"""The jobs that work on assets and their checks."""

import dagster as dg

SCORE_DRIFT = dg.AssetCheckKey(dg.AssetKey("aggregated_result"), "score_drift")

# Its assets report their own checks (`assets.checks`): a check that is planned at the start of a
# run would show "Execution failed" for each video that fails before its asset is reached.
analyze_pitch = dg.define_asset_job(
    "analyze_pitch",
    selection=dg.AssetSelection.all().without_checks(),
    description="Everything from the uploaded file to the report, for one video. The launchpad "
    "shows what can be chosen for one run under `resources: options: config`.",
)
watch_drift = dg.define_asset_job(
    "watch_drift",
    selection=dg.AssetSelection.checks(SCORE_DRIFT),
    # It takes seconds, while the queue may hold an hour's worth of videos.
    tags={"dagster/priority": "1"},
    description="Compares the newest results with those before them; `new_results` requests it.",
)

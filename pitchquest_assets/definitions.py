"""The wiring, on one screen."""

from functools import lru_cache

import dagster as dg

from pitchquest_assets.assets.aggregated_result import aggregated_result
from pitchquest_assets.assets.audio import audio
from pitchquest_assets.assets.checks import VALUE_CHECKS
from pitchquest_assets.assets.content_analysis import content_analysis
from pitchquest_assets.assets.delivery_analysis import delivery_analysis
from pitchquest_assets.assets.drift_check import score_drift
from pitchquest_assets.assets.engines import EnginesResource, RunProgress
from pitchquest_assets.assets.feedback_report import feedback_report
from pitchquest_assets.assets.frames import frames
from pitchquest_assets.assets.local_files import LocalFiles
from pitchquest_assets.assets.run_worker import RunWorker
from pitchquest_assets.assets.source_video import source_video
from pitchquest_assets.assets.transcript import transcript
from pitchquest_assets.assets.visual_analysis import visual_analysis
from pitchquest_assets.automation.alerts import deliver_alerts
from pitchquest_assets.automation.drift_watch import new_results
from pitchquest_assets.automation.erasure import carry_out_erasures
from pitchquest_assets.automation.health import system_health
from pitchquest_assets.automation.jobs import analyze_pitch, watch_drift
from pitchquest_assets.automation.left_behind import left_behind
from pitchquest_assets.automation.retention import daily_retention, retention
from pitchquest_assets.automation.run_outcomes import cancelled_runs, failed_runs
from pitchquest_assets.automation.spool_recovery import spooled_results
from pitchquest_assets.automation.upload_sensors import inbox, missed_uploads, new_uploads
from pitchquest_assets.automation.webhook import deliver_webhooks
from pitchquest_assets.resources import OptionsResource, SettingsResource
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.io_manager import SupabaseIOManager
from pitchquest_assets.store.resource import StoreResource

ASSETS = [
    source_video,
    frames,
    audio,
    transcript,
    visual_analysis,
    delivery_analysis,
    content_analysis,
    aggregated_result,
    feedback_report,
]


def resources(
    settings: Settings, progress: RunProgress | None = None, store: StoreResource | None = None
) -> dict[str, object]:
    """Return the resources by key.

    Args:
        progress: where engines report what they do; by default the log of the run.
        store: used in place of the store of the settings, wherever one is needed.
    """
    opened, progress = store or StoreResource.of(settings), progress or RunProgress()
    options = OptionsResource.of(settings)
    return {
        "settings": SettingsResource.of(settings),
        "store": opened,
        "io_manager": SupabaseIOManager(store=opened),
        "local_files": LocalFiles(store=opened),
        "worker": RunWorker(store=opened, options=options),
        "options": options,
        "progress": progress,
        "engines": EnginesResource(store=opened, options=options, progress=progress),
    }


@lru_cache(maxsize=1)
def definitions_of(settings: Settings, progress: RunProgress | None = None) -> dg.Definitions:
    """Return assets, checks, jobs, sensors, schedules and resources for these settings."""
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=[*(check.definition() for check in VALUE_CHECKS), score_drift],
        jobs=[analyze_pitch, watch_drift, retention],
        schedules=[daily_retention],
        sensors=[
            new_uploads,
            inbox,
            missed_uploads,
            failed_runs,
            cancelled_runs,
            left_behind,
            spooled_results,
            carry_out_erasures,
            new_results,
            deliver_alerts,
            deliver_webhooks,
            system_health,
        ],
        resources=resources(settings, progress),
        executor=dg.in_process_executor,
    )


defs = definitions_of(load_settings())

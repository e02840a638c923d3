import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pitchquest_assets.store.rows.progress import ASSETS as MADE
from pitchquest_assets_tests.support.places import ROOT

HEAVY = ("torch", "transformers", "evidently", "cv2", "pandas")
ASSETS = [
    "aggregated_result",
    "audio",
    "content_analysis",
    "delivery_analysis",
    "feedback_report",
    "frames",
    "source_video",
    "transcript",
    "visual_analysis",
]


def test_importing_the_definitions_pulls_in_nothing_heavy() -> None:
    code = (
        "import sys, pitchquest_assets.definitions, pitchquest_assets.cli.app;"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_definitions_load_and_name_every_asset_and_job() -> None:
    from pitchquest_assets.definitions import defs

    dg.Definitions.validate_loadable(defs)
    graph = defs.resolve_asset_graph()
    assert sorted(key.to_user_string() for key in graph.get_all_asset_keys()) == ASSETS
    assert sorted(MADE) == ASSETS
    assert [job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")] == [
        "analyze_pitch",
        "retention",
        "watch_drift",
    ]


def test_a_run_of_a_video_plans_no_check() -> None:
    from pitchquest_assets.definitions import defs

    made = {node.name for node in defs.resolve_job_def("analyze_pitch").graph.nodes}
    assert sorted(made) == ASSETS
    checked = {node.name for node in defs.resolve_job_def("watch_drift").graph.nodes}
    assert checked == {"aggregated_result_score_drift"}
    names = {key.name for key in defs.resolve_asset_graph().asset_check_keys}
    assert names == {
        "transcript_is_trusted",
        "picture_is_usable",
        "sound_is_usable",
        "score_adds_up",
        "result_can_be_read",
        "score_drift",
    }


STOPPED_SENSORS = """
from pitchquest_assets.definitions import defs

repository = defs.get_repository_def()
for schedule in repository.schedule_defs:
    assert schedule.default_status.value == "RUNNING", schedule.name
for sensor in repository.sensor_defs:
    if sensor.default_status.value != "RUNNING":
        print(sensor.name)
"""


@pytest.mark.parametrize(
    ("inbox", "supabase", "alerts", "webhook", "stopped"),
    [
        ("/inbox", "https://project.supabase.co", "json://localhost", "https://backend", []),
        ("", "", "", "", ["deliver_alerts", "deliver_webhooks", "inbox", "missed_uploads"]),
    ],
)
def test_every_sensor_and_schedule_runs_that_has_something_to_do_with_the_settings(
    inbox: str, supabase: str, alerts: str, webhook: str, stopped: list[str], tmp_path: Path
) -> None:
    variables = {
        "PITCHQUEST_INBOX": inbox,
        "SUPABASE_URL": supabase,
        "ALERT_URLS": alerts,
        "PITCHQUEST_WEBHOOK_URL": webhook,
        "PITCHQUEST_WEBHOOK_SECRET": "0" * 64,
    }
    done = subprocess.run(
        [sys.executable, "-c", STOPPED_SENSORS],
        env=os.environ | variables | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == stopped


def test_every_asset_is_partitioned_by_video_described_and_versioned() -> None:
    from pitchquest_assets.definitions import defs
    from pitchquest_assets.partitions import videos_partitions

    for spec in defs.resolve_all_asset_specs():
        assert spec.partitions_def == videos_partitions, spec.key
        assert spec.code_version, spec.key
        assert spec.description, spec.key
        assert spec.group_name in ("input", "analysis", "result"), spec.key


def test_the_graph_flows_from_the_video_to_the_report() -> None:
    from pitchquest_assets.definitions import defs

    graph = defs.resolve_asset_graph()
    parents = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert parents == {
        "source_video": set(),
        "frames": {"source_video"},
        "audio": {"source_video"},
        "transcript": {"source_video", "audio"},
        "visual_analysis": {"frames"},
        "delivery_analysis": {"audio", "transcript"},
        "content_analysis": {"transcript"},
        "aggregated_result": {
            "source_video",
            "transcript",
            "visual_analysis",
            "delivery_analysis",
            "content_analysis",
        },
        "feedback_report": {"aggregated_result", "frames", "transcript"},
    }

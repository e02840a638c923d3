"""The checks as Dagit shows them."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import dagit
from pitchquest_assets_tests.support.wiring import job

CHECKED = ("transcript", "visual_analysis", "delivery_analysis", "aggregated_result")
VALUE_CHECKS = {
    "transcript_is_trusted": "transcript",
    "picture_is_usable": "visual_analysis",
    "sound_is_usable": "delivery_analysis",
    "score_adds_up": "aggregated_result",
    "result_can_be_read": "aggregated_result",
}


def analyze(
    instance: dg.DagsterInstance, store: Store, video_id: str, path: Path, **facts: Any
) -> dg.ExecuteInProcessResult:
    videos.register(store, video_id, str(path), **facts)
    instance.add_dynamic_partitions("videos", [video_id])
    return job("analyze_pitch").execute_in_process(
        instance=instance, partition_key=video_id, raise_on_error=False
    )


def shown(pages: dagit.Dagit) -> dict[str, dict[str, Any]]:
    return {name: one for asset in CHECKED for name, one in pages.checks(asset).items()}


def test_checks_show_once_their_asset_is_reached_and_a_failed_upload_shows_none(
    instance: dg.DagsterInstance,
    store: Store,
    sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PITCHQUEST_TRANSCRIBER", "captions")
    text = tmp_path / "pitch.mp4"
    text.write_text("This is no video. " * 200)
    assert not analyze(instance, store, "broken", text).success
    with dagit.opened(instance) as pages:
        checks = shown(pages)
        assert sorted(checks) == sorted([*VALUE_CHECKS, "score_drift"])
        for check in checks.values():
            assert check["executionForLatestMaterialization"] is None
            assert not any((check["partitionStatuses"] or {}).values())

        captions = str(sample.with_suffix(".vtt"))
        done = analyze(instance, store, "sample", sample, captions_path=captions)
        assert done.success
        checks = shown(pages)
    for name, asset in VALUE_CHECKS.items():
        execution = checks[name]["executionForLatestMaterialization"]
        assert (execution["runId"], execution["partition"]) == (done.run_id, "sample")
        assert (execution["status"], execution["stepKey"]) == ("SUCCEEDED", asset)
        evaluation = execution["evaluation"]
        assert (evaluation["success"], evaluation["partition"]) == (True, "sample")
        assert evaluation["targetMaterialization"] == {"runId": done.run_id}
        assert evaluation["description"]
        blocks = name in ("score_adds_up", "result_can_be_read")
        assert checks[name]["blocking"] == blocks
        assert evaluation["severity"] == ("ERROR" if blocks else "WARN")
        assert checks[name]["partitionStatuses"] == {
            "succeededPartitions": ["sample"],
            "failedPartitions": [],
            "executionFailedPartitions": [],
            "skippedPartitions": [],
        }
    assert checks["score_drift"]["executionForLatestMaterialization"] is None

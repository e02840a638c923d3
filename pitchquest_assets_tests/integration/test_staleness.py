"""What Dagit shows after a part was made again: what is stale, what was chosen, what is secret."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pitchquest_assets.resources import run_config_of
from pitchquest_assets.store.rows import results, videos
from pitchquest_assets.store.rows.progress import ASSETS
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import dagit
from pitchquest_assets_tests.support.wiring import job

VIDEO = "sample"
STALE = """
query Stale($partition: String!) {
  assetNodes { assetKey { path } staleStatus(partition: $partition) }
}
"""
TYPES = """
{ assetNodes { assetKey { path } type { ... on RegularDagsterType { displayName } } } }
"""
RESOURCES = """
query Resources($selector: RepositorySelector!) {
  allTopLevelResourceDetailsOrError(repositorySelector: $selector) {
    ... on ResourceDetailsList { results {
      name configFields { name description } configuredValues { key value type }
      nestedResources { name }
    } }
  }
}
"""
WHERE = {"repositoryName": "__repository__", "repositoryLocationName": "pitchquest_assets"}


@pytest.fixture
def sample_in_store(
    store: Store, instance: dg.DagsterInstance, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITCHQUEST_TRANSCRIBER", "captions")
    captions = str(sample.with_suffix(".vtt"))
    videos.register(store, VIDEO, str(sample), captions_path=captions)
    instance.add_dynamic_partitions("videos", [VIDEO])


def make(
    instance: dg.DagsterInstance, *assets: str, **options: object
) -> dg.ExecuteInProcessResult:
    """Make these assets (all: none named) with these options of the run."""
    return job("analyze_pitch").execute_in_process(
        instance=instance,
        partition_key=VIDEO,
        asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
        run_config=run_config_of(options),
    )


def stale(pages: dagit.Dagit) -> set[str]:
    found: list[dict[str, Any]] = pages.ask(STALE, partition=VIDEO)["assetNodes"]
    assert {node["staleStatus"] for node in found} <= {"FRESH", "STALE"}
    return {node["assetKey"]["path"][0] for node in found if node["staleStatus"] == "STALE"}


@pytest.mark.usefixtures("sample_in_store")
def test_what_lies_below_a_value_that_changed_is_stale_until_it_is_made_anew(
    instance: dg.DagsterInstance, store: Store
) -> None:
    first = make(instance)
    with dagit.opened(instance) as pages:
        assert stale(pages) == set()
        # The same engine gives the same words: nothing to do.
        make(instance, "transcript")
        assert stale(pages) == set()

        other = make(instance, "transcript", transcriber="off")
        assert stale(pages) == {"delivery_analysis", "content_analysis"} | {
            "aggregated_result",
            "feedback_report",
        }
        # One of two parts alone: the result would mix two transcripts.
        delivery = make(instance, "delivery_analysis")
        assert "content_analysis" in stale(pages)
        assert "aggregated_result" in stale(pages)

        mixed = make(instance, "aggregated_result")
        found = results.get_result(store, VIDEO)
        assert found is not None
        assert found.metadata.runs == {
            "source_video": first.run_id,
            "transcript": other.run_id,
            "delivery_analysis": delivery.run_id,
            "content_analysis": first.run_id,
            "visual_analysis": first.run_id,
        }
        assert found.job_id == mixed.run_id
        # Of all runs that made a part, not only of the last one.
        record = instance.get_run_record_by_id(mixed.run_id)
        assert record
        assert found.processing_time_seconds > (record.end_time or 0) - (record.start_time or 0)

        make(instance, "content_analysis", "aggregated_result", "feedback_report")
        assert stale(pages) == set()


@pytest.mark.usefixtures("sample_in_store")
def test_what_was_chosen_for_a_run_is_in_its_tags_and_in_the_result(
    instance: dg.DagsterInstance, store: Store
) -> None:
    run = make(instance, transcriber="off", max_frames=5)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    tags = {name: value for name, value in found.tags.items() if name.startswith("option/")}
    assert tags == {"option/transcriber": "off", "option/max_frames": "5"}
    result = results.get_result(store, VIDEO)
    assert result is not None
    assert result.metadata.options is not None
    assert result.metadata.options.model_dump() == {
        "transcriber": "off",
        "whisper_model": "auto",
        "judge": "auto",
        "judge_samples": 1,
        "language": None,
        "max_frames": 5,
    }
    assert result.metadata.frames_analyzed == 5
    assert result.metadata.transcript.engine == "none"


def test_dagit_shows_types_and_settings_but_no_secret(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "hush-hush")
    monkeypatch.setenv("PITCHQUEST_MAX_FRAMES", "7")
    with dagit.opened(instance) as pages:
        types = {
            node["assetKey"]["path"][0]: node["type"]["displayName"]
            for node in pages.ask(TYPES)["assetNodes"]
        }
        answer = pages.ask(RESOURCES, selector=WHERE)
    assert types == {
        "source_video": "SourceVideo",
        "frames": "Frames",
        "audio": "Audio",
        "transcript": "Transcript",
        "visual_analysis": "VisualAnalysis",
        "delivery_analysis": "DeliveryAnalysis",
        "content_analysis": "ContentAnalysis",
        "aggregated_result": "PitchResult",
        "feedback_report": "Report",
    }
    assert set(types) == set(ASSETS)
    found = {one["name"]: one for one in answer["allTopLevelResourceDetailsOrError"]["results"]}
    assert {"name": "store"} in found["io_manager"]["nestedResources"]
    shown = {
        one["key"]: (one["value"], one["type"]) for one in found["settings"]["configuredValues"]
    }
    assert shown["max_frames"] == ("7", "VALUE")
    assert shown["gemini_api_key"] == ("GEMINI_API_KEY", "ENV_VAR")
    assert all(field["description"] for field in found["options"]["configFields"])
    assert "hush" not in str(answer)

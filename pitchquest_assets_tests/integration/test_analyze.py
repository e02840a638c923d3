"""The main job, as a user does it."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pitchquest_assets.report.formatting import gain
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.result_rows import count_replaced_results


@pytest.fixture(scope="module")
def analysed(pitchquest: Command, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The sample, analysed twice: outcome, files and rows."""
    folder = tmp_path_factory.mktemp("sample")
    sample, report = SAMPLE_PITCH, folder / "report.html"
    arguments = ("analyze", sample, "--video-id", "sample", "--json", "-", "--report", report)
    first, second = pitchquest(*arguments), pitchquest(*arguments)
    assert (first.code, second.code) == (0, 0), first.err + second.err
    return {"first": first.json(), "result": second.json(), "report": report.read_text()}


def test_the_json_is_the_contract_that_backends_read(analysed: dict) -> None:
    result = analysed["result"]
    assert set(result) == {
        "video_id", "job_id", "timestamp", "processing_time_seconds", "status", "results",
        "feedback", "metadata",
    }  # fmt: skip
    assert result["status"] == "success"
    assert 0 <= result["results"]["overall_score"] <= 100
    assert result["results"]["content_analysis"]["problem_clarity"] > 0
    assert result["results"]["delivery_analysis"]["speaking_pace"] in ("slow", "optimal", "fast")
    assert {"body_language_score", "posture_quality"} <= set(result["results"]["visual_analysis"])
    assert set(result["metadata"]["costs"]) == {
        "whisper_api", "gemini_vision", "gemini_text", "total_usd",
    }  # fmt: skip


def test_real_results_fit_the_schema_that_the_command_prints(
    pitchquest: Command, analysed: dict
) -> None:
    schema = pitchquest("schema").json()
    for result in (analysed["first"], analysed["result"]):
        assert list(Draft202012Validator(schema).iter_errors(result)) == []


def test_every_strength_and_improvement_shows_its_evidence(analysed: dict) -> None:
    feedback = analysed["result"]["feedback"]
    assert len(feedback["strengths"]) == 3
    assert len(feedback["improvements"]) == 3
    for point in feedback["strengths"] + feedback["improvements"]:
        assert point["evidence"]["quote"] or point["evidence"]["measurement"], point


def test_improvements_are_ordered_by_their_points_and_the_report_shows_them(analysed: dict) -> None:
    feedback = analysed["result"]["feedback"]
    points = [one["points"] for one in feedback["improvements"]]
    assert points == sorted(points, reverse=True)
    assert min(points) > 0
    assert [one["points"] for one in feedback["strengths"]] == [None] * 3
    assert all(gain(one) in analysed["report"] for one in points)


def test_quotes_are_in_the_captions(analysed: dict) -> None:
    said = _plain(SAMPLE_PITCH.with_suffix(".vtt").read_text())
    items = analysed["result"]["results"]["content_analysis"]["items"]
    quotes = [e["quote"] for item in items for e in item["evidence"] if e["quote"]]
    assert quotes
    missing = [quote for quote in quotes if _plain(quote) not in said]
    assert not missing


def test_a_second_run_replaces_the_result_and_keeps_the_old_one(
    analysed: dict, pitchquest: Command, home: Path
) -> None:
    from pitchquest_assets.settings import Settings
    from pitchquest_assets.store.store import open_store

    assert analysed["first"]["job_id"] != analysed["result"]["job_id"]
    shown = pitchquest("results", "sample").json()
    assert shown["job_id"] == analysed["result"]["job_id"]
    assert count_replaced_results(open_store(Settings(home=home)), "sample") == 1


def test_the_row_is_completed_with_the_job_and_all_assets(
    analysed: dict, pitchquest: Command
) -> None:
    (row,) = pitchquest("status", "sample", "--json").json()
    assert row == {
        "video_id": "sample",
        "status": "completed",
        "job_id": analysed["result"]["job_id"],
        "attempts": 1,
        "error": None,
        "progress": "9 of 9",
        "queue_position": None,
    }


def test_the_report_is_one_file_that_needs_no_other(analysed: dict, pitchquest: Command) -> None:
    class Links(HTMLParser):
        found: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found += [v or "" for k, v in attrs if k in ("src", "href")]

    Links().feed(analysed["report"])
    assert [link for link in Links.found if not link.startswith(("data:", "#"))] == []
    path = Path(pitchquest("report", "sample").out.strip())
    assert path.read_text() == analysed["report"]


def test_several_files_stand_alone(pitchquest: Command, tmp_path: Path, sample: Path) -> None:
    good, bad = tmp_path / "good.mp4", tmp_path / "bad.mp4"
    shutil.copy(sample, good)
    shutil.copy(sample.with_suffix(".vtt"), good.with_suffix(".vtt"))
    bad.write_text("no video")
    done = pitchquest("analyze", bad, good, "--json", tmp_path / "out.json")
    assert done.code == 2
    (line,) = (tmp_path / "out.json").read_text().splitlines()
    assert json.loads(line)["video_id"].startswith("good-")
    states = {key.split("-")[0]: row.status for key, row in pitchquest.rows().items()}
    assert (states["good"], states["bad"]) == ("completed", "failed")


def _plain(text: str) -> str:
    text = re.sub(r"^(WEBVTT.*|\d\d:.*-->.*|\d+)$", " ", text, flags=re.MULTILINE)
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


def test_the_terminal_shows_what_each_improvement_would_bring(pitchquest: Command) -> None:
    done = pitchquest("analyze", SAMPLE_PITCH, "--video-id", "shown")
    assert done.code == 0, done.err
    shown = done.out.split("Improvements")[1].split("coverage")[0]
    assert len(re.findall(r"•.* \+[\d.]+ points?\n", shown)) == 3


def test_with_retention_of_zero_days_only_the_result_and_the_report_stay(
    pitchquest: Command, home: Path
) -> None:
    from sqlalchemy import text

    from pitchquest_assets.settings import Settings
    from pitchquest_assets.store.store import open_store

    done = pitchquest("analyze", SAMPLE_PITCH, "--video-id", "brief", RETENTION_DAYS="0")
    assert done.code == 0, done.err
    with open_store(Settings(home=home)).engine.connect() as connection:
        left = connection.scalars(
            text("select asset_key from asset_values where partition_key = 'brief'")
        ).all()
    assert left == ["feedback_report"]
    objects = home / "objects"
    assert [p.parts[0] for p in (f.relative_to(objects) for f in objects.glob("*/brief/*"))] == left
    assert pitchquest("report", "brief").code == 0

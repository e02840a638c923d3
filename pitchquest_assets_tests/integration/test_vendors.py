"""Whole runs with vendors: how often they are asked, what it costs, what happens when they fail."""

import math
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.store import open_store
from pitchquest_assets_tests.support import vendors
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.vendors import FakeVendor

# 3,000 tokens in and 1,000 out, thoughts included, at $0.30 and $2.50 per million.
CALL_USD = 0.0034


@pytest.fixture
def judged(pitchquest: Command, gemini: FakeVendor) -> Command:
    """The command with Gemini as both judges."""
    variables = {
        "GEMINI_API_KEY": vendors.GEMINI_KEY,
        "GOOGLE_GEMINI_BASE_URL": gemini.url,
        "PITCHQUEST_VENDOR_ATTEMPTS": "2",
    }
    return Command(pitchquest.home, pitchquest.variables | variables)


def api_costs(home: Path, video_id: str) -> list[dict[str, Any]]:
    """The calls that were entered for a video, oldest first."""
    statement = text(
        "select metric_value from monitoring_metrics where metric_type = 'api_cost'"
        " and metric_value ->> 'video_id' = :video_id order by id"
    )
    store = open_store(Settings(home=home))
    return store.transaction(lambda c: list(c.scalars(statement, {"video_id": video_id})))


def purposes(gemini: FakeVendor) -> list[str]:
    """What it was asked for, sorted."""
    pictures = (b"inlineData" in one.get_data() for one in gemini.requests)
    return sorted("vision" if shown else "content" for shown in pictures)


@pytest.mark.shared
def test_one_call_for_each_job_costs_to_the_cent_and_nothing_again(
    judged: Command, gemini: FakeVendor, openai: FakeVendor, home: Path, shared_media: Path
) -> None:
    variables = {
        "PITCHQUEST_TRANSCRIBER": "openai",
        "OPENAI_API_KEY": vendors.OPENAI_KEY,
        "OPENAI_BASE_URL": openai.url,
    }
    video = shared_media / "pitch_tts_720p.mp4"
    arguments = ("analyze", video, "--video-id", "tts-judged", "--json", "-")
    first = judged(*arguments, **variables)
    assert first.code == 0, first.err
    result = first.json()
    metadata = result["metadata"]
    assert purposes(gemini) == ["content", "vision"]
    assert len(openai.calls("audio/transcriptions")) == len(openai.requests) == 1
    # $0.006 a minute, by the second.
    heard_usd = math.ceil(metadata["video_duration_seconds"]) / 60 * 0.006
    assert metadata["costs"] == pytest.approx(
        {
            "whisper_api": heard_usd,
            "gemini_vision": CALL_USD,
            "gemini_text": CALL_USD,
            "total_usd": heard_usd + 2 * CALL_USD,
        },
        abs=1e-8,
    )
    used = metadata["models_used"]
    assert used["transcription"] == "openai: whisper-1"
    assert used["content"] == f"gemini: {vendors.GEMINI_VERSION}"
    assert used["vision"].endswith(f" + gemini: {vendors.GEMINI_VERSION}")
    assert {"content_prompt", "vision_prompt"} <= set(metadata["engine_versions"])
    assert metadata["transcript"]["text"] == vendors.SPOKEN
    assert result["results"]["visual_analysis"]["posture_quality"] == 8.0
    assert result["results"]["content_analysis"]["problem_clarity"] == 3
    rows = api_costs(home, "tts-judged")
    assert sorted((row["purpose"], row["run_id"]) for row in rows) == [
        (purpose, result["job_id"]) for purpose in ("content", "transcription", "vision")
    ]
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(metadata["costs"]["total_usd"])
    again = judged(*arguments, **variables)
    assert again.code == 0, again.err
    assert (len(gemini.requests), len(openai.requests)) == (2, 1)
    assert again.json()["metadata"]["costs"]["total_usd"] == 0
    assert again.json()["results"]["overall_score"] == result["results"]["overall_score"]
    assert len(api_costs(home, "tts-judged")) == 3


@pytest.mark.parametrize(
    ("name", "variables", "sentence", "requests"),
    [
        # One for the words, one for the pictures, neither again.
        ("wrong-key", {"GEMINI_API_KEY": "AIza-secret"}, "refuses the key in GEMINI_API_KEY", 2),
        ("budget", {"PITCHQUEST_VIDEO_BUDGET_USD": "0.001"}, "VIDEO_BUDGET_USD ($0.001)", 0),
    ],
)
def test_a_vendor_that_cannot_be_asked_fails_the_video_at_once_and_nothing_takes_its_place(
    judged: Command,
    gemini: FakeVendor,
    sample: Path,
    name: str,
    variables: dict[str, str],
    sentence: str,
    requests: int,
) -> None:
    done = judged("analyze", sample, "--video-id", name, **variables)
    assert done.code == 1
    row = judged.rows()[name]
    assert row.status == "failed"
    assert sentence in (row.error or "")
    assert "secret" not in done.out + done.err + (row.error or "")
    assert len(gemini.requests) == requests


def test_a_vendor_out_of_order_is_tried_again_and_the_others_answers_are_not_paid_twice(
    judged: Command, gemini: FakeVendor, home: Path, sample: Path
) -> None:
    gemini.script = [vendors.gemini_error(503, "UNAVAILABLE", "overloaded")]
    done = judged("analyze", sample, "--video-id", "bumpy", "--json", "-")
    assert done.code == 0, done.err
    assert len(gemini.requests) == 3
    costs = done.json()["metadata"]["costs"]
    assert costs["total_usd"] == 2 * CALL_USD
    assert len(api_costs(home, "bumpy")) == 2

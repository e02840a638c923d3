"""A whole run whose words come from OpenAI, and one that asks for a model that is not here."""

import math
from pathlib import Path

import pytest

from pitchquest_assets_tests import vendors
from pitchquest_assets_tests.integration.command import Command
from pitchquest_assets_tests.vendors import FakeVendor


@pytest.mark.shared
def test_one_transcription_costs_to_the_cent_and_nothing_again(
    pitchquest: Command, openai: FakeVendor, shared_media: Path
) -> None:
    variables = {
        "PITCHQUEST_TRANSCRIBER": "auto",
        "OPENAI_API_KEY": vendors.OPENAI_KEY,
        "OPENAI_BASE_URL": openai.url,
    }
    arguments = ("analyze", shared_media / "pitch_tts_720p.mp4", "--video-id", "tts", "--json", "-")
    first = pitchquest(*arguments, **variables)
    assert first.code == 0, first.err
    metadata = first.json()["metadata"]
    assert metadata["models_used"]["transcription"] == "openai: whisper-1"
    assert metadata["transcript"]["text"] == vendors.SPOKEN
    seconds = math.ceil(metadata["video_duration_seconds"])
    assert metadata["costs"]["whisper_api"] == pytest.approx(seconds / 60 * 0.006, abs=1e-8)
    assert metadata["costs"]["total_usd"] == metadata["costs"]["whisper_api"]
    again = pitchquest(*arguments, **variables)
    assert again.code == 0, again.err
    assert again.json()["metadata"]["costs"]["total_usd"] == 0
    assert len(openai.requests) == 1


def test_vocal_energy_without_its_weights_fails_the_video_with_a_sentence(
    pitchquest: Command, sample: Path, tmp_path: Path
) -> None:
    done = pitchquest(
        *("analyze", sample, "--video-id", "energetic"),
        PITCHQUEST_EMOTION="on",
        PITCHQUEST_MODELS=str(tmp_path),
    )
    assert done.code == 1
    told = "run `pitchquest models pull wav2vec2-emotion`, or set it to off."
    assert told in done.err
    row = pitchquest.rows()["energetic"]
    assert row.status == "failed"
    assert (row.error or "").endswith(told)

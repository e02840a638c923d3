"""Weights that know only English, in doubt; integration/test_real_whisper.py detects for real."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.engines.transcription import other_languages, whisper
from pitchquest_assets.engines.transcription.other_languages import transcribe_any_language
from pitchquest_assets.engines.transcription.whisper_model import Language
from pitchquest_assets.engines.weights.fetch import fetch_whisper
from pitchquest_assets.engines.weights.pinned import MODELS, ModelFile
from pitchquest_assets.engines.weights.progress import log_progress
from pitchquest_assets.media import speech_pieces as pieces
from pitchquest_assets.model import Transcript
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.sounds import RATE, audio_from
from pitchquest_assets_tests.support.tiny_whisper import write_tiny_whisper

GERMAN = Language("de", 0.9)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with tiny.en and base, both with tiny random weights."""
    for size in ("tiny.en", "base"):
        folder = write_tiny_whisper(tmp_path / f"whisper-{size}")
        files = tuple(
            ModelFile(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(folder.iterdir())
        )
        pinned = dataclasses.replace(MODELS[f"whisper-{size}"], files=files)
        monkeypatch.setitem(MODELS, f"whisper-{size}", pinned)
    return tmp_path


def hear(
    models: Path,
    detected: Language | None,
    monkeypatch: pytest.MonkeyPatch,
    language: str | None = None,
) -> Transcript:
    monkeypatch.setattr(other_languages, "detect_language", lambda *args: detected)
    monkeypatch.setattr(pieces, "voice_of", lambda audio: ((0.5, 3.0),))
    monkeypatch.setattr(whisper, "_went_wrong", lambda segment: False)
    sound = np.random.default_rng(0).normal(0, 3000, 4 * RATE).astype(np.int16)
    settings = Settings(  # type: ignore[call-arg]
        _env_file=None,
        models=models,
        whisper_model="tiny.en",
        downloads="off",
        device="cpu",
        language=language,
    )
    found = fetch_whisper(settings, log_progress(print))
    assert found is not None
    return transcribe_any_language(found, audio_from(sound), settings, "hint")


def test_what_is_not_english_is_heard_by_base_and_it_is_said(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = hear(models, GERMAN, monkeypatch)
    assert (heard.model, heard.language) == ("base", "de")
    assert heard.warnings[0] == (
        "the language seems to be German, which tiny.en does not know, so base transcribed it"
    )


@pytest.mark.parametrize(
    ("detected", "language"),
    [(Language("en", 0.9), None), (Language("la", 0.2), None), (None, None), (GERMAN, "en")],
)
def test_english_or_a_guess_is_left_to_the_weights_that_were_found(
    models: Path,
    detected: Language | None,
    language: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = hear(models, detected, monkeypatch, language)
    assert (heard.model, heard.language, heard.trusted) == ("tiny.en", "en", False)


def test_without_base_the_weights_that_were_found_are_used(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (models / "whisper-base" / "model.bin").unlink()
    assert hear(models, GERMAN, monkeypatch).model == "tiny.en"

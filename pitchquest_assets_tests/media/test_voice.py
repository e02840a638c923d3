import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.media import voice as vad
from pitchquest_assets.media.sound import iter_blocks
from pitchquest_assets.media.voice import group_spans, speech_spans
from pitchquest_assets.model import Audio
from pitchquest_assets_tests.support.sounds import audio_of, share_inside


def test_spans_are_joined_up_to_the_longest_stretch() -> None:
    spans = [(0.0, 4.0), (5.0, 9.0), (10.0, 14.0)]
    assert group_spans(spans, 10) == [(0.0, 9.0), (10.0, 14.0)]


def test_a_span_longer_than_the_longest_stretch_is_cut() -> None:
    assert group_spans([(0.0, 25.0)], 10) == [(0.0, 10.0), (10.0, 20.0), (20.0, 25.0)]


def test_share_inside_counts_points_in_spans() -> None:
    assert share_inside([0.5, 1.5, 2.5, 3.5], [(0.0, 1.0), (3.0, 4.0)]) == 0.5
    assert share_inside([], [(0.0, 1.0)]) is None


def test_voice_is_found_once_for_a_sound_that_several_steps_ask_about(
    shared_media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = audio_of(shared_media / "pitch_11s_1080p.mp4")
    asked: list[Audio] = []

    def counted(audio: Audio, seconds: float) -> Iterator[np.ndarray]:
        asked.append(audio)
        return iter_blocks(audio, seconds)

    monkeypatch.setattr(vad, "iter_blocks", counted)
    first = vad.voice_of(audio)
    needed = len(asked)
    assert needed >= 1
    assert vad.voice_of(audio.model_copy()) == first
    assert len(first) >= 2
    assert len(asked) == needed
    assert vad.voice_of(audio.model_copy(update={"payload": b""})) == ()


def test_spans_are_those_of_sileros_own_code(shared_media: Path) -> None:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    audio = audio_of(shared_media / "pitch_30s_720p.mp4")
    samples = np.concatenate(list(iter_blocks(audio)))
    options = VadOptions(min_speech_duration_ms=100, min_silence_duration_ms=250, speech_pad_ms=0)
    expected = [
        (span["start"] / vad.SAMPLE_RATE_HZ, span["end"] / vad.SAMPLE_RATE_HZ)
        for span in get_speech_timestamps(samples, options)
    ]
    assert len(expected) > 5
    assert speech_spans(iter_blocks(audio, 7.3)) == expected


def test_there_is_no_voice_in_silence_nor_in_no_sound() -> None:
    assert speech_spans([np.zeros(vad.SAMPLE_RATE_HZ, np.float32)]) == []
    assert speech_spans([]) == []


def test_finding_voice_loads_no_recogniser() -> None:
    code = (
        "import sys, numpy; from pitchquest_assets.media.voice import speech_spans;"
        "speech_spans([numpy.zeros(16000, numpy.float32)]);"
        "print([m for m in ('ctranslate2', 'tokenizers', 'huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

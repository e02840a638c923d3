from types import SimpleNamespace
from typing import Any

import pytest

from pitchquest_assets.engines.transcription.whisper_model import language_of
from pitchquest_assets_tests.support.sounds import audio_from, silence

PIECES = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]


@pytest.mark.parametrize(
    ("answers", "language", "probability"),
    [
        ([("en", 0.4), ("de", 0.9), ("de", 0.8)], "de", 1.7 / 3),
        ([("en", 0.9), ("la", 0.3), ("cy", 0.3)], "en", 0.3),
    ],
)
def test_the_first_pieces_vote_on_the_language(
    answers: list[tuple[str, float]], language: str, probability: float
) -> None:
    remaining = iter(answers)
    model: Any = SimpleNamespace(detect_language=lambda sound: (*next(remaining), []))
    found = language_of(model, audio_from(silence(4)), PIECES)
    assert found is not None
    assert found.code == language
    assert found.probability == pytest.approx(probability)


def test_without_a_voice_there_is_no_language() -> None:
    assert language_of(SimpleNamespace(), audio_from(silence(4)), []) is None  # type: ignore[arg-type]

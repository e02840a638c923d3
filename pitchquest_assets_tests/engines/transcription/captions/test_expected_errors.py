import pytest

from pitchquest_assets.engines.transcription.captions.agreement import Said
from pitchquest_assets.engines.transcription.captions.expected_errors import (
    expected_wer_of_checked,
)


@pytest.mark.parametrize(
    ("borne_out", "unheard", "added", "whisper_wer", "expected"),
    [
        (100, 0, 0, 0.5, 0.01),
        (0, 100, 0, 0.5, 0.1),
        (50, 0, 50, 0.5, 0.18),
        (50, 0, 50, None, 0.355),
        (0, 0, 0, 0.5, 0.0),
    ],
)
def test_checked_captions_are_as_wrong_as_what_they_are_made_of(
    borne_out: int, unheard: int, added: int, whisper_wer: float | None, expected: float
) -> None:
    said = [
        *[Said(0, (0,))] * borne_out,
        *[Said(0)] * unheard,
        *[Said(None, (0,))] * added,
    ]
    assert expected_wer_of_checked(said, whisper_wer) == pytest.approx(expected)

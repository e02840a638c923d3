"""Words get their times from the sound, and from Whisper where that fails."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.engines.transcription.alignment import AlignedWord, Aligner
from pitchquest_assets.engines.transcription.captions.agreement import Said
from pitchquest_assets.engines.transcription.captions.placement import place
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.model import Audio, Word
from pitchquest_assets_tests.support.sounds import audio_of

TOLERANCE_SECONDS = 0.1


@pytest.fixture(scope="module")
def sound(shared_cases: Path) -> Audio:
    return audio_of(shared_cases / "captions" / "tts30.mp4")


@pytest.fixture(scope="module")
def captions(shared_media: Path) -> list[str]:
    """The 78 words that are said in it, the last of them cut off."""
    return (shared_media / "pitch_script.txt").read_text().split()[:78]


@pytest.fixture(scope="module")
def true(sound: Audio, captions: list[str]) -> list[AlignedWord]:
    aligned = Aligner().align(read_samples(sound), captions)
    assert aligned is not None
    return aligned


def whispers(true: list[AlignedWord], late_seconds: float) -> list[Word]:
    """The words as Whisper would hear them: late, and stretched to the next one."""
    return [
        Word(
            text=word.text,
            start_seconds=word.start_seconds + late_seconds,
            end_seconds=max(after.start_seconds, word.start_seconds) + late_seconds,
            probability=0.9,
        )
        for word, after in pairwise([*true, true[-1]])
    ]


def starts_apart(placed: list[AlignedWord], true: list[AlignedWord]) -> list[float]:
    return [abs(a.start_seconds - b.start_seconds) for a, b in zip(placed, true, strict=True)]


def test_times_that_are_somewhat_off_are_mended(
    sound: Audio, captions: list[str], true: list[AlignedWord]
) -> None:
    said = [Said(index, (index,)) for index in range(78)]
    placed = place(said, captions, whispers(true, 0.2), sound, "en")
    assert [word.text for word in placed] == captions
    assert np.quantile(starts_apart(placed, true), 0.95) < TOLERANCE_SECONDS


def test_words_that_whisper_did_not_hear_are_placed_between_and_around_the_others(
    sound: Audio, captions: list[str], true: list[AlignedWord]
) -> None:
    unheard = {0, 1, 20, 21, 22, 40, 77}
    said = [Said(index, () if index in unheard else (index,)) for index in range(78)]
    placed = place(said, captions, whispers(true, 0.0), sound, "en")
    assert np.quantile(starts_apart(placed, true), 0.95) < TOLERANCE_SECONDS
    assert max(starts_apart(placed, true)[index] for index in unheard) < 2 * TOLERANCE_SECONDS


def test_words_that_only_whisper_has_are_placed_too(
    sound: Audio, captions: list[str], true: list[AlignedWord]
) -> None:
    said = [Said(None if index > 40 else index, (index,)) for index in range(78)]
    placed = place(said, captions, whispers(true, 0.1), sound, "en")
    assert [word.text for word in placed] == captions
    assert np.quantile(starts_apart(placed, true), 0.95) < TOLERANCE_SECONDS


def test_where_the_aligner_goes_astray_whispers_times_stand(
    sound: Audio, captions: list[str], true: list[AlignedWord]
) -> None:
    said = [Said(index, (index,)) for index in range(78)]
    nonsense = [f"{word}" for word in reversed(captions)]
    heard = whispers(true, 0.0)
    placed = place(said, nonsense, heard, sound, "en")
    assert [word.text for word in placed] == nonsense
    for word, known in zip(placed, heard, strict=True):
        assert word.start_seconds > known.start_seconds - 0.6
        assert word.start_seconds < known.end_seconds + 0.6
    assert all(a.start_seconds <= b.start_seconds for a, b in pairwise(placed))


def test_another_language_than_english_keeps_whispers_times(
    sound: Audio, captions: list[str], true: list[AlignedWord]
) -> None:
    heard = whispers(true, 0.2)
    placed = place([Said(i, (i,)) for i in range(78)], captions, heard, sound, "de")
    assert [word.start_seconds for word in placed] == [word.start_seconds for word in heard]


def test_words_that_whisper_wrote_as_one_share_its_time(sound: Audio) -> None:
    heard = [Word(text="6,000", start_seconds=1.0, end_seconds=2.0, probability=1.0)]
    placed = place([Said(0, (0,)), Said(1, (0,))], ["six", "thousand"], heard, sound, "de")
    assert [(w.start_seconds, w.end_seconds) for w in placed] == [(1.0, 1.5), (1.5, 2.0)]

"""Caption files of every kind over the sound that they belong to, and over another clock."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.engines.transcription.captions.aligned import transcribe_captions
from pitchquest_assets.engines.transcription.captions.times import moved
from pitchquest_assets.media.caption_files import Cue, read_captions
from pitchquest_assets.model import Audio
from pitchquest_assets_tests.support.caption_writers import WRITERS, Spoken
from pitchquest_assets_tests.support.sounds import audio_of


@pytest.fixture(scope="module")
def cases(shared_cases: Path) -> Path:
    return shared_cases / "captions"


@pytest.fixture(scope="module")
def pitch(cases: Path) -> Audio:
    """A synthetic voice that says 70 words in 30 s."""
    return audio_of(cases / "tts30.mp4")


@pytest.fixture(scope="module")
def script(shared_media: Path) -> str:
    return " ".join((shared_media / "pitch_script.txt").read_text().split()[:70])


@pytest.fixture(scope="module")
def cues(cases: Path) -> list[Cue]:
    return read_captions(cases / "c02_zoom.vtt")


@pytest.mark.parametrize(
    "name",
    [
        "c02_zoom.vtt",
        "c03_teams.vtt",
        "c05_notes.vtt",
        "c10_labels.srt",
        "c11_hour.srt",
        "c13.ttml",
    ],
)
def test_captions_of_the_world_are_trusted(
    cases: Path, pitch: Audio, script: str, name: str
) -> None:
    transcript = transcribe_captions(read_captions(cases / name), pitch, "en")
    assert transcript.text == script
    assert transcript.trusted
    pace = analyse_delivery(pitch, transcript).measurements["speech_rate"].value
    assert pace == pytest.approx(140, abs=0.5)
    is_moved = ["the captions are 1:00:00 late, and were moved to fit the sound"]
    assert transcript.warnings == (is_moved if name == "c11_hour.srt" else [])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unit_num.vtt", "In the year 2019 we grew to 400 customers"),
        ("unit_repeat.vtt", "Why now? Why now? Because."),
        ("unit_spaces.srt", "And so my fellow Americans"),
        ("unit_mmss.srt", "And so my fellow Americans"),
    ],
)
def test_single_traps_are_read_right(cases: Path, name: str, said: str) -> None:
    assert " ".join(cue.text for cue in read_captions(cases / name)) == said


@pytest.mark.parametrize("kind", WRITERS)
def test_generated_captions_are_trusted(
    tmp_path: Path, cues: list[Cue], pitch: Audio, script: str, kind: str
) -> None:
    suffix, writer = WRITERS[kind]
    path = tmp_path / f"pitch{suffix}"
    times = [(cue.start_seconds or 0.0, cue.end_seconds or 0.0) for cue in cues]
    path.write_text(writer([Spoken(c.text, *time) for c, time in zip(cues, times, strict=True)]))
    transcript = transcribe_captions(read_captions(path), pitch, "en")
    assert (transcript.text, transcript.trusted, transcript.warnings) == (script, True, [])


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (lambda cues: moved(cues, 36_000.0), "10:00:00 late"),
        (lambda cues: moved(cues, 750.0), "0:12:30 late"),
        (lambda cues: moved(cues, 12.0), "0:00:12 late"),
        (
            lambda cues: [*cues, Cue("And this was cut.", 40.0, 50.0)],
            "1 of 13 captions",
        ),
    ],
)
def test_captions_on_another_clock_are_moved_and_it_is_said(
    cues: list[Cue],
    pitch: Audio,
    script: str,
    change: Callable[[list[Cue]], list[Cue]],
    warning: str,
) -> None:
    transcript = transcribe_captions(change(cues), pitch, "en")
    assert (transcript.text, transcript.trusted) == (script, True)
    assert [warning in one for one in transcript.warnings] == [True]


@pytest.mark.parametrize(
    ("late_seconds", "why"),
    [
        (0.0, "do not fit the sound"),
        (12.0, "do not fit the sound"),
        (3_600.0, "begin at 1:00:00, after the end of the video at 0:00:30"),
    ],
)
def test_wrong_captions_are_trusted_nowhere_and_their_offset_is_named(
    cues: list[Cue], pitch: Audio, late_seconds: float, why: str
) -> None:
    turned = [
        Cue(other.text, cue.start_seconds, cue.end_seconds)
        for cue, other in zip(cues, reversed(cues), strict=True)
    ]
    transcript = transcribe_captions(moved(turned, late_seconds), pitch, "en")
    assert (transcript.engine, transcript.trusted) == ("captions", False)
    assert why in (transcript.reason or "")

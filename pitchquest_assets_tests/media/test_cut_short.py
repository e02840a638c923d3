"""A file was cut short if what is used ends before the header says that it does."""

from pathlib import Path

import pytest

from pitchquest_assets.media.probe import Limits, probe
from pitchquest_assets_tests.support.media_factory import (
    Pictures,
    Sound,
    cut_short,
    steady,
    write_media,
)


def warnings_of(path: Path) -> list[str]:
    limits = Limits()
    return probe(path, video_id="v", filename=path.name, captions_path=None, limits=limits).warnings


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_subtitles_that_go_on_after_the_video_do_not_count(tmp_path: Path, name: str) -> None:
    captions = [(0.5, 1.5, "We help farmers."), (2.0, 30.0, "Thank you.")]
    path = write_media(tmp_path / name, Pictures(steady(4)), Sound([(0, 4)]), captions)
    assert warnings_of(path) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_clock_that_starts_late_does_not_count(tmp_path: Path, name: str) -> None:
    pictures, sound = Pictures(steady(4, start=20)), Sound([(20, 24)])
    assert warnings_of(write_media(tmp_path / name, pictures, sound)) == []


def test_a_clock_of_the_shared_cases_that_starts_late_does_not_count(shared_cases: Path) -> None:
    assert warnings_of(shared_cases / "media" / "a23_start20.mkv") == []


@pytest.mark.parametrize("start", [0, 20])
def test_a_recording_that_lacks_its_end_says_how_much_there_is(tmp_path: Path, start: int) -> None:
    pictures, sound = (
        Pictures(steady(8, start=start), keyframe_every=5),
        Sound([(start, start + 8)]),
    )
    whole = write_media(tmp_path / "whole.mkv", pictures, sound)
    (warning,) = warnings_of(cut_short(whole, tmp_path / "a.mkv", 0.5))
    assert warning.startswith("a.mkv claims 8.0 s but only ")

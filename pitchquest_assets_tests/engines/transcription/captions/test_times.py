import pytest

from pitchquest_assets.engines.transcription.captions.times import (
    beyond_the_end,
    left_out_warning,
    moved,
    possible_shifts,
    shift_warning,
    within,
)
from pitchquest_assets.media.caption_files import Cue

VIDEO_SECONDS = 30.0
SPEECH = [(0.4, 12.0), (13.0, 27.1)]


def cues(shift_seconds: float) -> list[Cue]:
    return moved([Cue("one", 0.5, 10.0), Cue("two", 12.0, 26.5)], shift_seconds)


@pytest.mark.parametrize(
    ("late_seconds", "shifts"),
    [
        (0.0, [0.0]),
        (1.5, [0.0]),
        (8.0, [0.0, -8.1]),
        (3_600.0, [-3_600.0]),
        (36_000.0, [-36_000.0]),
        (2_710.0, [-2_710.1]),
        (3_620.0, [-3_620.1]),
        (3_603.0, [-3_600.0, -3_603.1]),
    ],
)
def test_captions_may_be_late_by_hours_or_by_a_constant(
    late_seconds: float, shifts: list[float]
) -> None:
    found = list(possible_shifts(cues(late_seconds), SPEECH, VIDEO_SECONDS))
    assert found == pytest.approx(shifts)


def test_captions_longer_than_the_video_are_not_moved_by_hours() -> None:
    longer = [*cues(3_600.0), Cue("three", 3_640.0, 3_650.0)]
    assert list(possible_shifts(longer, SPEECH, VIDEO_SECONDS)) == pytest.approx([-3_600.1])


def test_captions_without_a_voice_are_not_moved() -> None:
    assert list(possible_shifts(cues(8.0), [], VIDEO_SECONDS)) == [0.0]


def test_warnings_say_what_was_moved_and_left_out() -> None:
    late = cues(20.0)
    assert shift_warning(0.0) == []
    assert shift_warning(-3_600.0) == [
        "the captions are 1:00:00 late, and were moved to fit the sound"
    ]
    assert shift_warning(8.1) == ["the captions are 0:00:08 early, and were moved to fit the sound"]
    assert left_out_warning(late, within(late, VIDEO_SECONDS)) == [
        "1 of 2 captions begin after the end of the video and are left out"
    ]
    assert left_out_warning(late, late) == []


def test_the_offset_of_captions_of_another_video_is_named() -> None:
    assert beyond_the_end(cues(0.0), VIDEO_SECONDS) is None
    reason = beyond_the_end(cues(2_700.0), VIDEO_SECONDS) or ""
    assert "begin at 0:45:00, after the end of the video at 0:00:30" in reason
    assert "after the end" in (beyond_the_end([Cue("one", 1e15, 1e15)], VIDEO_SECONDS) or "")

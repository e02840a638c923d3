"""What became of each caption."""

from pitchquest_assets.engines.transcription.alignment import AlignedWord
from pitchquest_assets.engines.transcription.captions.agreement import Said
from pitchquest_assets.engines.transcription.captions.cues import (
    CueCheck,
    check_cues,
    cue_warnings,
    usually_late,
)
from pitchquest_assets.media.caption_files import Cue

TEXTS = ["one two three four", "five six", "seven eight nine ten"]


def checks(
    starts: list[float | None], late_seconds: list[float], left_out: set[int]
) -> list[CueCheck]:
    """Checks of cues whose words begin a second apart, and are said this much later than shown."""
    cues, said, placed = [], [], []
    first = 0
    for text, start, late in zip(TEXTS, starts, late_seconds, strict=True):
        count = len(text.split())
        end = None if start is None else start + count
        cues.append(Cue(text, start, end))
        for at, index in enumerate(range(first, first + count)):
            if index not in left_out:
                begin = (start or 0.0) + late + at
                said.append(Said(index, (index,)))
                placed.append(AlignedWord("word", begin, begin + 1, 1.0))
        first += count
    said.append(Said(None, (99,)))
    placed.append(AlignedWord("um", 90.0, 91.0, 0.5))
    return check_cues(cues, said, placed)


def test_captions_that_were_said_where_they_claim_need_no_warning() -> None:
    found = checks([0.0, 5.0, 8.0], [0.1, -1.0, 1.5], set())
    assert [check.state for check in found] == ["spoken"] * 3
    assert cue_warnings(found) == []


def test_captions_that_were_not_said_are_counted_with_their_words() -> None:
    found = checks([0.0, 5.0, 8.0], [0.0, 0.0, 0.0], {0, 1, 2, 8})
    assert [(check.state, check.left_out) for check in found] == [
        ("missing", 3),
        ("spoken", 0),
        ("spoken", 1),
    ]
    assert cue_warnings(found) == [
        "4 words of the captions are not heard in the sound and are left out "
        "(1 of 3 captions were not said)"
    ]


def test_a_caption_at_another_time_than_the_others_is_shifted() -> None:
    found = checks([0.0, 5.0, 8.0], [10.0, 10.3, 20.0], set())
    assert [check.state for check in found] == ["spoken", "spoken", "shifted"]
    assert cue_warnings(found) == [
        "the captions are 0:00:10 early, and were moved to fit the sound",
        "1 of 3 captions are over 2 s early or late, and were moved to where they were said",
    ]


def test_the_words_that_are_left_of_a_caption_show_how_late_it_is() -> None:
    assert checks([0.0, 5.0, 8.0], [-4.0, -4.0, -4.0], {0, 1})[0] == CueCheck("spoken", -4.0, 2)
    assert usually_late([-4.0, None, -3.0]) == -3.5
    assert usually_late([1.9, -1.0]) == usually_late([None]) == 0.0


def test_lines_without_times_are_neither_early_nor_late() -> None:
    found = checks([None, None, None], [5.0, 20.0, 40.0], {4, 5})
    assert [(check.state, check.late_seconds) for check in found] == [
        ("spoken", None),
        ("missing", None),
        ("spoken", None),
    ]

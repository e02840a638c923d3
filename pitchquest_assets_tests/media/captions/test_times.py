import pytest

from pitchquest_assets.media.captions.cue import CannotRead, Times
from pitchquest_assets.media.captions.times import cue_times, has_cue_times


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("00:00:01.000 --> 00:00:02.500", 1.0, 2.5),
        ("00:00:01,000 --> 00:00:02,500", 1.0, 2.5),
        ("00:01.000 --> 00:02.500 align:start position:0%", 1.0, 2.5),
        ("00:01,300 --> 00:02,000", 1.3, 2.0),
        ("00:00:01, 300 --> 00:00:02, 000", 1.3, 2.0),
        ("00 : 00 : 01.000 --> 00 : 00 : 02.000", 1.0, 2.0),
        ("00:00:01,000-->00:00:02,000", 1.0, 2.0),
        ("00:00:01,000 -> 00:00:02,000", 1.0, 2.0),
        ("00:00:01 --> 00:00:02", 1.0, 2.0),
        ("00:00:01,5 --> 00:00:02,25", 1.5, 2.25),
        ("\t1:00:00.000 --> 100:00:00.000", 3600.0, 360_000.0),
        ("90:00.000 --> 90:01.000", 5400.0, 5401.0),
        ("00:00:01,000 --> 00:00:02,000 X1:100 X2:600", 1.0, 2.0),
        ("00:00:03.000 --> 00:00:02.000", 3.0, 3.0),
    ],
)
def test_the_times_of_a_cue_are_read(line: str, start: float, end: float) -> None:
    assert cue_times(line, 1) == Times(pytest.approx(start), pytest.approx(end))


@pytest.mark.parametrize(
    "line",
    [
        "Revenue 2019 -> 2020",
        "costs --> benefits",
        "Doors 10:30 -> 11:30",
        "10:30",
        "",
        "a -> b --> c",
    ],
)
def test_an_arrow_between_words_is_no_time(line: str) -> None:
    assert cue_times(line, 1) is None
    assert not has_cue_times(line)


@pytest.mark.parametrize("line", ["00:99 --> x", "x --> 00:00:02,000", "00:00:01,000 -->"])
def test_a_time_that_cannot_be_read_is_named_with_its_line(line: str) -> None:
    with pytest.raises(CannotRead, match=r"line 7 \(.*\) has no readable time"):
        cue_times(line, 7)
    assert has_cue_times(line)

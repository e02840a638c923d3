import pytest

from pitchquest_assets.media.captions.cue import CannotRead, Cue
from pitchquest_assets.media.captions.webvtt import parse_webvtt


def texts(text: str) -> list[str]:
    return [cue.text for cue in parse_webvtt(text)]


def test_only_the_lines_of_cues_are_read() -> None:
    text = """WEBVTT - a title
Kind: captions
Language: en

STYLE
::cue(.a) { color: lime }

REGION
id:fred
width:40%

NOTE not spoken

1
00:01.000 --> 00:02.000 align:start
one

5f1c0e5a-1b4a-4f9a-a0d3-0e8a6b7a9b11/16-0
00:02.000 --> 00:03.000
two
lines

NOTE
reviewed by the agency,
not spoken

introduction
00:03.000 --> 00:04.000
three"""
    assert parse_webvtt(text) == [
        Cue("one", 1.0, 2.0),
        Cue("two\nlines", 2.0, 3.0),
        Cue("three", 3.0, 4.0),
    ]


def test_a_line_that_is_only_a_number_is_spoken() -> None:
    text = (
        "WEBVTT\n\n1\n00:00.000 --> 00:01.000\nIn the year\n2019\n\n2\n00:01.000 --> 00:02.000\n400"
    )
    assert texts(text) == ["In the year\n2019", "400"]


def test_a_line_with_two_inline_times_is_no_new_cue() -> None:
    line = "one<00:00:00.300><c> two</c><00:00:00.600><c> three</c>"
    assert texts(f"WEBVTT\n\n00:00.000 --> 00:01.000\n{line}") == [line]


def test_a_line_of_blanks_does_not_end_a_cue() -> None:
    # YouTube's automatic captions begin with one.
    assert texts("WEBVTT\n\n00:00.000 --> 00:01.000\n \nthe words\n") == [" \nthe words"]


def test_an_identifier_after_a_line_of_blanks_is_not_spoken() -> None:
    text = "WEBVTT\n\n1\n00:00.000 --> 00:01.000\none\n  \n2\n00:01.000 --> 00:02.000\ntwo"
    assert [one.split() for one in texts(text)] == [["one"], ["two"]]


def test_cues_without_an_empty_line_between_them_are_apart() -> None:
    assert texts("WEBVTT\n00:00.000 --> 00:01.000\na\n00:01.000 --> 00:02.000\nb") == ["a", "b"]


def test_a_cue_without_a_readable_time_is_named() -> None:
    with pytest.raises(CannotRead, match="line 3 "):
        parse_webvtt("WEBVTT\n\n0:0 --> soon\nwords")

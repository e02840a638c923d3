import pytest

from pitchquest_assets.media.captions.cue import CannotRead
from pitchquest_assets.media.captions.formats import check_suffix, parse

TIMES = "00:00:01,000 --> 00:00:02,000"
VTT = f"WEBVTT\n\nid\n{TIMES}\nwords"
SRT = f"1\n{TIMES}\nwords"
SBV = "0:00:01.000,0:00:02.000\nwords"
ASS = "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,words"
TTML = "<tt><body><p begin='1s' end='2s'>words</p></body></tt>"


@pytest.mark.parametrize(
    "text", [VTT, SRT, SBV, ASS, TTML], ids=["vtt", "srt", "sbv", "ass", "ttml"]
)
@pytest.mark.parametrize("suffix", [".vtt", ".SRT", ".sbv", ".ass", ".ttml", ".txt", ""])
def test_the_format_is_known_by_the_text(text: str, suffix: str) -> None:
    (cue,) = parse(text, suffix)
    assert (cue.text.strip(), cue.start_seconds, cue.end_seconds) == ("words", 1.0, 2.0)


def test_webvtt_without_its_header_is_known_by_its_name() -> None:
    text = f"NOTE not spoken\n\nid\n{TIMES}\nwords\n\nid2\n{TIMES}\nmore"
    assert [cue.text for cue in parse(text, ".vtt")] == ["words", "more"]


@pytest.mark.parametrize(
    "text", ["We grew 2019 -> 2020.", "<We grew.", "[We grew", "{We grew}", "10"]
)
def test_everything_else_is_a_script(text: str) -> None:
    assert [cue.text for cue in parse(f"{text}\n\nJoin us.", ".txt")] == [text, "Join us."]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<SAMI><BODY><SYNC Start=1>words", "SAMI"),
        ("<!DOCTYPE html><html>words", "HTML"),
        ("{\\rtf1\\ansi words}", "RTF"),
        ("%PDF-1.7 words", "PDF"),
        ("Scenarist_SCC V1.0\n\n00:00:01:00 9420", "Scenarist"),
        ("{10}{25}words", "MicroDVD"),
        ("[ti:a pitch]\n[00:01.00]words", "LRC"),
        ('{"text": "words"}', "JSON"),
        ('[{"start": 1, "text": "words"}]', "JSON"),
    ],
)
def test_a_format_that_is_not_read_is_named(text: str, name: str) -> None:
    with pytest.raises(CannotRead, match=name):
        parse(text, ".txt")


@pytest.mark.parametrize(
    ("suffix", "name"), [(".smi", "SAMI"), (".SCC", "Scenarist"), (".docx", "Word")]
)
def test_a_name_of_such_a_format_is_enough(suffix: str, name: str) -> None:
    with pytest.raises(CannotRead, match=name):
        check_suffix(suffix)


@pytest.mark.parametrize("suffix", [".vtt", ".srt", ".ass", ".ttml"])
def test_captions_without_times_are_not_taken_for_a_script(suffix: str) -> None:
    with pytest.raises(CannotRead, match="no cue times"):
        parse("We grew.", suffix)

from pathlib import Path

import pytest

from pitchquest_assets.errors import InvalidCaptions
from pitchquest_assets.media.caption_files import Cue, beside, clean_cues, read_captions

VTT = """WEBVTT - a title

NOTE this is not spoken

STYLE
::cue { color: red }

first
00:00:01.000 --> 00:00:02.500 align:start position:0%
<v Ann>Hello &amp; <c.loud>welcome</c></v>

00:03.000 --> 00:04.000
[Music]

00:04.000 --> 00:06.000
>> We are <i>raising</i> money.
"""
SRT = """1
00:00:01,000 --> 00:00:02,500
Hello &amp; <i>welcome</i>

2
00:00:04,000 --> 00:00:06,000
{\\an8}We are raising money.
"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(("name", "content"), [("a.vtt", VTT), ("a.srt", SRT), ("b.txt", SRT)])
def test_markup_and_sound_labels_are_left_out(tmp_path: Path, name: str, content: str) -> None:
    assert read_captions(write(tmp_path, name, content)) == [
        Cue("Hello & welcome", 1.0, 2.5),
        Cue("We are raising money.", 4.0, 6.0),
    ]


def test_plain_text_has_no_times(tmp_path: Path) -> None:
    cues = read_captions(write(tmp_path, "script.txt", "We sell shelves.\n\nJoin us.\n"))
    assert cues == [Cue("We sell shelves."), Cue("Join us.")]


def test_utf16_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert read_captions(write(tmp_path, "a.srt", SRT.encode("utf-16")))[0].text.startswith("Hello")


def test_lines_that_rolling_captions_repeat_are_said_once() -> None:
    rolling = [Cue("one two", 0, 1), Cue("one two\nthree", 1, 2), Cue("three\nfour", 2, 3)]
    assert [cue.text for cue in clean_cues(rolling)] == ["one two", "three", "four"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.vtt", b"", "no words"),
        ("a.vtt", "WEBVTT\n\n", "no words"),
        ("a.srt", "just some text", "no cue times"),
        ("a.txt", b"\x00\x01binary", "binary"),
        ("a.txt", b"\xffnot utf-8\xfe", "UTF-8"),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\nhi\n\n2\n00:99 --> x\nbad",
            "no readable time",
        ),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n[Applause]\n", "no words"),
    ],
)
def test_unreadable_captions_are_refused_with_a_reason(
    tmp_path: Path, name: str, content: str | bytes, why: str
) -> None:
    with pytest.raises(InvalidCaptions, match=why):
        read_captions(write(tmp_path, name, content))


def test_missing_captions_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidCaptions, match=r"nowhere\.vtt cannot be read: no such file"):
        read_captions(tmp_path / "nowhere.vtt")


def test_captions_beside_a_video_have_its_name(tmp_path: Path) -> None:
    assert beside(tmp_path / "pitch.mp4") is None
    srt = write(tmp_path, "pitch.srt", SRT)
    assert beside(tmp_path / "pitch.mp4") == srt
    vtt = write(tmp_path, "pitch.vtt", VTT)
    assert beside(tmp_path / "pitch.mp4") == vtt

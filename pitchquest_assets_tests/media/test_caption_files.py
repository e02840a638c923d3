import contextlib
import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pitchquest_assets.errors import InvalidCaptions
from pitchquest_assets.media.caption_files import (
    MAX_SIZE_BYTES,
    SUFFIXES,
    Cue,
    beside,
    clean_cues,
    read_captions,
)
from pitchquest_assets_tests.support.caption_writers import WRITERS, Spoken

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


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_suffix_may_be_in_upper_case(tmp_path: Path, suffix: str) -> None:
    captions = write(tmp_path, f"PITCH{suffix.upper()}", "anything")
    assert beside(tmp_path / "PITCH.MP4") == captions


SENTENCES = (
    "Every year, hospitals in this country",
    "throw away two billion dollars of",
    "medicine because nobody knows what is",
    "on the shelf. Nurses count bottles",
    "by hand, at night, with a",
    "clipboard. We built ShelfSense. It is",
)
SPOKEN = [Spoken(words, 2.0 * i, 2.0 * i + 2.0) for i, words in enumerate(SENTENCES)]


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_of_captions_gives_the_words_that_were_said(tmp_path: Path, kind: str) -> None:
    suffix, writer = WRITERS[kind]
    cues = read_captions(write(tmp_path, f"pitch{suffix}", writer(SPOKEN)))
    assert " ".join(cue.text for cue in cues) == " ".join(SENTENCES)
    assert all(cue.start_seconds is not None for cue in cues)
    assert cues[-1].start_seconds == pytest.approx(10.0, abs=2.0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("content", [VTT, SRT])
def test_every_kind_of_line_end_is_read(tmp_path: Path, content: str, end: str) -> None:
    path = write(tmp_path, "pitch.txt", content.replace("\n", end))
    assert [cue.text for cue in read_captions(path)] == ["Hello & welcome", "We are raising money."]


def test_captions_larger_than_those_of_any_pitch_are_refused(tmp_path: Path) -> None:
    line = "a word or two\n"
    size = MAX_SIZE_BYTES // len(line)
    assert len(read_captions(write(tmp_path, "just.txt", line * size))) == size
    with pytest.raises(InvalidCaptions, match=r"more\.txt are larger than 1 MB"):
        read_captions(write(tmp_path, "more.txt", line * (size + 1)))


def test_a_line_longer_than_any_script_is_refused(tmp_path: Path) -> None:
    assert read_captions(write(tmp_path, "just.txt", "a word " * 14_000))
    with pytest.raises(InvalidCaptions, match="a line of more than 100000 characters"):
        read_captions(write(tmp_path, "more.txt", "a word " * 15_000))


@pytest.mark.parametrize("name", ["captions.smi", "captions.scc", "captions.docx", "captions.PDF"])
def test_a_format_that_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidCaptions, match=rf"{name} are in the format .*, which is not read"):
        read_captions(write(tmp_path, name, b"\xd0\xcf\x11\xe0"))


def test_xml_that_is_no_ttml_is_never_taken_for_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidCaptions, match="are XML, but not TTML"):
        read_captions(write(tmp_path, "a.txt", "<?xml version='1.0'?><a><b>words</b></a>"))


@pytest.mark.parametrize("name", ["a.vtt", "a.srt", "a.txt"])
@pytest.mark.parametrize("digits", ["&#{};", "&#x{};", "{}"])
def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path, name: str, digits: str) -> None:
    words = f"words {digits.format('9' * 5_000)}"
    content = f"WEBVTT\n\n00:00.000 --> 00:02.000\n{words}\n"
    with pytest.raises(InvalidCaptions, match="a word has more than 1000 characters"):
        read_captions(write(tmp_path, name, content))


BEFORE = {
    "srt": "1\n00:00:00,000 --> 00:00:02,000\nwords ",
    "vtt": "WEBVTT\n\n00:00.000 --> 00:02.000\nwords ",
    "ass": "[Script Info]\n[Events]\nDialogue: 0,0:00:00.00,0:00:02.00,D,,0,0,0,,words ",
    "sbv": "0:00:00.000,0:00:02.000\nwords ",
    "ttml": "<tt><body><p begin='0s' end='2s'>words ",
    "txt": "words ",
}
MARKS = ["[", "<a", "{", "{\\", "(", "*", "♪", "&#9", "&a", "a:", ">", "-", "0:", "00:00 ", "-->"]
MARKS += ["a ", " ", "\n", "1\n", "[a\n", "<00:00:01.000>", "00:01 --> 00:02\na\n\n"]


@pytest.mark.parametrize("suffix", BEFORE)
def test_time_grows_only_with_the_size(
    tmp_path: Path, suffix: str, without_garbage_collection: None
) -> None:
    def seconds(mark: str, size_bytes: int) -> float:
        repeated = mark * (size_bytes // len(mark.encode()))
        path = write(tmp_path, f"a.{suffix}", f"{BEFORE[suffix]}{repeated}x"[:99_999])
        return min(cpu_seconds(path) for _ in range(3))

    def is_linear(mark: str) -> bool:
        """Ten times as much costs ten times as much, not a hundred; noise is measured again."""
        return any(seconds(mark, 100_000) <= 15 * seconds(mark, 10_000) for _ in range(5))

    assert [mark for mark in MARKS if not is_linear(mark)] == []


@pytest.fixture
def without_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def cpu_seconds(path: Path) -> float:
    start = time.process_time()
    with contextlib.suppress(InvalidCaptions):
        read_captions(path)
    return time.process_time() - start

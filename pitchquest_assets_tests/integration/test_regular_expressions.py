"""What others wrote is read in time that grows with its length, not with its square."""

import gc
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pitchquest_assets
from pitchquest_assets.errors import InvalidCaptions
from pitchquest_assets.media.caption_files import read_captions
from pitchquest_assets.media.captions.substation import plain_text

SHORT, LONG = 10_000, 100_000
# Ten times the text may take fifteen times as long; below the floor, the clock says little.
RATIO, FLOOR_SECONDS = 15, 0.05
# Other programs disturb the clock; the square of the length is a hundred times, however often.
TRIES = 5
READERS = (
    "media",
    "analysis.content",
    "analysis.delivery",
    "engines.judges",
    "engines.transcription",
)
# Only tried at the start of a line: if looked for everywhere, their blanks would cost the square.
ONLY_AT_START = {"spoken_text._ONLY_ASIDE", "spoken_text._SPEAKER_MARK"}
UNITS = [
    "[", "]", "<a", "</", "{", "{\\", "{\\p1}", "}", "(", "*", "♪", " ", "a ", "1 ", "1:", "1,",
    "1.",
    "&#1", "&a", "-", ">>", "not ", "n't", ".", "...", "um", "a'", '"', "a: ", "A: b\n", "（", "【",
    "<br ", "00:00 --> ", "-->\n", "[\n", "*\n", "1\n", "$1", "_", "%",
]  # fmt: skip
HEADS = {
    ".vtt": "WEBVTT\n\n00:00.000 --> 00:02.000\n",
    ".srt": "1\n00:00:00,000 --> 00:00:02,000\n",
    ".ass": "[Events]\nDialogue: 0,0:00:00.00,0:00:02.00,a,,0,0,0,,",
    ".ttml": "<tt><body><p>",
    ".txt": "",
}


def cost(read: Callable[[str], object], text: str) -> float:
    """The least CPU seconds of three readings."""
    spent = []
    for _ in range(3):
        started = time.thread_time()
        read(text)
        spent.append(time.thread_time() - started)
        if spent[-1] < FLOOR_SECONDS / RATIO:
            break
    return min(spent)


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    """Its time depends on all the objects of this process."""
    gc.disable()
    yield
    gc.enable()


def assert_linear(read: Callable[[str], object], unit: str, head: str = "") -> None:
    short, long = (head + unit * (size // len(unit)) for size in (SHORT, LONG))
    for _ in range(TRIES):
        ratio = cost(read, long) / max(cost(read, short), FLOOR_SECONDS / RATIO)
        if ratio <= RATIO:
            return
    pytest.fail(f"{unit!r}: {ratio:.0f} times as long for ten times the text")


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The compiled patterns of the modules that read what others wrote, by module and name."""
    prefix = "pitchquest_assets."
    for found in pkgutil.walk_packages(pitchquest_assets.__path__, prefix):
        if not found.name.removeprefix(prefix).startswith(READERS):
            continue
        # A process of its own, which imports nothing to be tested here.
        if found.name.endswith("decoding_process"):
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{found.name.rpartition('.')[2]}.{name}", value


@pytest.mark.parametrize("name", sorted(dict(patterns())))
def test_a_pattern_takes_linear_time(name: str) -> None:
    pattern = dict(patterns())[name]

    def everywhere(text: str) -> int:
        return sum(1 for _ in pattern.finditer(text))

    find = pattern.fullmatch if name in ONLY_AT_START else everywhere
    for unit in UNITS:
        assert_linear(find, unit)


@pytest.mark.parametrize("suffix", HEADS)
def test_captions_are_read_in_linear_time(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"

    def read(text: str) -> object:
        path.write_text(text)
        try:
            return read_captions(path)
        except InvalidCaptions as error:
            return error

    for unit in UNITS:
        assert_linear(read, unit, HEADS[suffix])


def test_subtitles_inside_a_file_are_read_in_linear_time() -> None:
    for unit in UNITS:
        assert_linear(plain_text, unit)


def test_a_number_of_thousands_of_digits_is_refused_in_one_sentence(shared_cases: Path) -> None:
    with pytest.raises(InvalidCaptions, match=r"^The captions bignum\.vtt are damaged: a word"):
        read_captions(shared_cases / "hostile" / "bignum.vtt")

import subprocess
import sys
from pathlib import Path

import pytest

from pitchquest_assets.errors import InvalidInput, InvalidVideo
from pitchquest_assets.registration import register, videos_in
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store


@pytest.mark.parametrize(
    "name",
    [
        "Screen Recording at 9.41.07\u202fAM.mp4",
        "no\u00a0break.mp4",
        "ideographic\u3000space.mp4",
        "family 👩\u200d👩\u200d👧.mp4",
        "עברית.mp4",
        "\u200fעברית\u200f.mp4",
        "\u200eab\u200e ערב.mp4",
        "عربي\u061c.mp4",
    ],
)
def test_names_in_any_writing_are_registered(store: Store, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    register(store, Settings(), path, "named", None)
    row = videos.get(store, "named")
    assert (row.filename, row.file_path) == (name, str(path))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a\x1bname.mp4", "U+001B"),
        ("a\x85name.mp4", "U+0085"),
        ("a\u202aname.mp4", "U+202A"),
        ("a\u202ename.mp4", "U+202E"),
        ("a\u2066name.mp4", "U+2066"),
        ("a\u2069name.mp4", "U+2069"),
    ],
)
def test_a_name_that_hides_something_is_refused_by_its_character(
    store: Store, tmp_path: Path, name: str, code: str
) -> None:
    with pytest.raises(InvalidVideo, match=code.replace("+", r"\+")) as raised:
        register(store, Settings(), tmp_path / name, "hidden", None)
    assert str(raised.value).isprintable()


def test_a_folder_means_the_videos_in_it(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", ".hidden.mp4", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    single = tmp_path / "notes.txt"
    assert videos_in([single, tmp_path]) == [single, tmp_path / "a.MOV", tmp_path / "b.mp4"]


def test_a_folder_without_a_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder without a video"):
        videos_in([tmp_path])


def test_registering_a_local_file_loads_nothing_that_decodes_or_calls_out() -> None:
    code = (
        "import sys, pitchquest_assets.cli.app, pitchquest_assets.registration;"
        "print([m for m in ('av', 'dagster', 'httpx', 'numpy', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""`pitchquest delete` as a user runs it, on a real analysis."""

import shutil
from pathlib import Path

import pytest

from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.traces import traces

TITLE = "Zebrafink Robotics"


@pytest.fixture
def command(fresh_home: Path) -> Command:
    variables = {"PITCHQUEST_TRANSCRIBER": "captions", "SAVE_JSON_BACKUP": "true"}
    return Command(fresh_home, {**variables, "COLUMNS": "300"})


def test_a_search_for_the_id_the_title_and_ten_words_finds_nothing(
    command: Command, sample: Path, tmp_path: Path
) -> None:
    home = command.home
    original = tmp_path / f"{TITLE}.mp4"
    shutil.copy(sample, original)
    shutil.copy(sample.with_suffix(".vtt"), original.with_suffix(".vtt"))
    done = command("analyze", original, "--json", "-")
    assert done.code == 0, done.err
    video_id = done.json()["video_id"]
    words = spoken_words(done.json()["metadata"]["transcript"]["text"])
    command("report", video_id)
    assert len({line.partition(":")[0] for line in traces(home, video_id, TITLE)}) > 8
    shown = command("delete", video_id[:9], "--dry-run")
    assert shown.code == 0, shown.err
    for expected in ("results: 1", "values: 8", "runs: 1", f"{video_id}.html", "not /"):
        assert expected in shown.out
    refused = command("delete", video_id)
    assert (refused.code, "add --yes" in refused.err) == (2, True)
    assert command.rows()[video_id].status == "completed"
    gone = command("delete", video_id[:9], "--yes")
    assert gone.code == 0, gone.err
    assert f"{video_id} is erased." in gone.out
    assert f"{original} stays" in gone.out
    assert original.exists()
    assert traces(home, video_id, TITLE, *words) == []
    # Nor do the files of the database have the bytes of rows that are gone.
    assert files_with(home, video_id, TITLE, *words) == []
    assert not [path for path in (home / "objects").rglob("*") if path.is_file()]
    unknown = command("delete", video_id, "--yes")
    assert (unknown.code, "is registered" in unknown.err) == (1, True)
    again = command("analyze", original, "--json", "-")
    assert again.json()["video_id"] == video_id


def files_with(home: Path, *words: str) -> list[Path]:
    return [
        path
        for path in home.rglob("*")
        if path.is_file()
        for content in [path.read_bytes()]
        if any(word.encode() in content for word in words)
    ]


def spoken_words(text: str) -> list[str]:
    """Ten runs of three words of the pitch, which nothing else says."""
    words = text.split()
    step = len(words) // 10
    return [" ".join(words[first : first + 3]) for first in range(0, 10 * step, step)]


def test_what_two_ids_begin_with_is_refused(command: Command, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.mp4").write_bytes(b"x")
        command("submit", tmp_path / f"{name}.mp4", "--video-id", f"pitch-{name}")
    done = command("delete", "pitch-", "--yes")
    assert (done.code, len(command.rows())) == (2, 2)
    assert "2 videos begin with pitch-" in done.err

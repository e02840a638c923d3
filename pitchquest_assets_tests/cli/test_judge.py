import json
from pathlib import Path

import pytest

from pitchquest_assets.cli.judge import judge_script
from pitchquest_assets.errors import InvalidInput
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.pitch_texts import NOT_PITCHES, PITCHES


def script(folder: Path, text: str) -> Path:
    path = folder / "script.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_script_is_judged_with_its_items_and_its_length(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_script(script(tmp_path, PITCHES["saas"].text), Settings(models=tmp_path), "-")
    judged = json.loads(capsys.readouterr().out)
    count = len(PITCHES["saas"].text.split())
    assert judged["words"] == count
    assert judged["seconds"]["at 160 wpm"] == pytest.approx(60 * count / 160, abs=0.1)
    assert judged["ask"] == 5
    assert len(judged["items"]) == 10


def test_the_table_names_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_script(script(tmp_path, PITCHES["saas"].text), Settings(models=tmp_path), None)
    told = " ".join(capsys.readouterr().out.split())
    assert "words a minute. Judged by local (words)." in told
    assert "Why now" in told


def test_a_text_that_is_no_pitch_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_script(script(tmp_path, NOT_PITCHES["lecture"]), Settings(models=tmp_path), None)
    assert capsys.readouterr().out.startswith("Not judged: not recognised as a pitch: ")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "is empty"), (b"\xff\xfe\x00", "is not UTF-8 text"), (b"a " * 10_001, "10,001 words")],
)
def test_a_file_that_is_no_script_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "script.txt"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=why):
        judge_script(path, Settings(models=tmp_path), None)


def test_a_script_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        judge_script(tmp_path / "none.txt", Settings(models=tmp_path), None)

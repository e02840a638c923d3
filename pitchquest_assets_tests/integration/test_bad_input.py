"""Bad input: one sentence on stderr, exit 2, the same sentence in the row, no litter."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from pitchquest_assets.definitions import definitions_of
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import media_factory
from pitchquest_assets_tests.support.command import Command, Done


def small_video(path: Path) -> Path:
    pictures = media_factory.Pictures(media_factory.steady(1))
    return media_factory.write_media(path, pictures, media_factory.Sound([(0, 1)]))


def zero_bytes(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def text_renamed(folder: Path) -> Path:
    path = folder / "text.mp4"
    path.write_text("This is no video. " * 200)
    return path


def without_moov(folder: Path) -> Path:
    whole = small_video(folder / "whole.mp4")
    return media_factory.without_moov(whole, folder / "no_moov.mp4")


def playlist(folder: Path) -> Path:
    target = small_video(folder / "target.mp4")
    path = folder / "playlist.mp4"
    entry = f"#EXTINF:1,\nfile:{target}"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n{entry}\n#EXT-X-ENDLIST\n")
    return path


def vanished(folder: Path) -> Path:
    return folder / "vanished.mp4"


def without_streams(folder: Path) -> Path:
    return media_factory.write_media(folder / "no_streams.mp4", captions=[(0, 1, "hello")])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (zero_bytes, "empty"),
        (text_renamed, "is not an MP4"),
        (without_moov, "moov"),
        (playlist, "is not an MP4"),
        (vanished, "not there|no such file"),
        (without_streams, "neither"),
    ],
)
def test_an_unreadable_file_is_refused_with_one_sentence(
    pitchquest: Command, tmp_path: Path, make: Callable[[Path], Path], why: str
) -> None:
    path = make(tmp_path)
    _assert_refused(pitchquest, pitchquest("analyze", path), path, why)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PITCHQUEST_MAX_SIZE_MB", "0.001"),
        ("PITCHQUEST_MAX_DURATION_SECONDS", "0.5"),
        ("PITCHQUEST_MAX_PIXELS", "1000"),
    ],
)
def test_a_file_beyond_a_limit_is_refused_and_the_limit_named(
    pitchquest: Command, tmp_path: Path, variable: str, value: str
) -> None:
    path = small_video(tmp_path / f"{variable.lower()}.mp4")
    _assert_refused(pitchquest, pitchquest("analyze", path, **{variable: value}), path, variable)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("captions.vtt", b"\xff\x00\xfe\x01"),
        ("digits.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\n&#" + b"9" * 5_000 + b";\n"),
        ("brackets.srt", b"1\n00:00:00,000 --> 00:00:02,000\n" + b"[" * 100_000),
        ("tags.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\n" + b"<a" * 100_000),
        ("braces.srt", b"1\n00:00:00,000 --> 00:00:02,000\n" + b"{" * 200_000),
        ("overrides.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\n" + b"{\\" * 100_000),
        ("captions.scc", b"Scenarist_SCC V1.0"),
    ],
)
def test_unreadable_captions_are_refused(
    pitchquest: Command, tmp_path: Path, sample: Path, name: str, content: bytes
) -> None:
    captions = tmp_path / name
    captions.write_bytes(content)
    path = tmp_path / f"with_bad_{name}.mp4"
    shutil.copy(sample, path)
    done = pitchquest("analyze", path, "--captions", captions)
    _assert_refused(pitchquest, done, path, name)


def test_what_once_took_gigabytes_or_ended_in_a_raw_error_is_refused(
    pitchquest: Command, tmp_path: Path, sample: Path, shared_cases: Path
) -> None:
    hostile = shared_cases / "hostile"
    path = Path(shutil.copy(hostile / "one_pcm1hz_20000.mkv", tmp_path))
    _assert_refused(pitchquest, pitchquest("analyze", path), path, "claims sound at 1 Hz")
    path = Path(shutil.copy(sample, tmp_path / "with_bignum.mp4"))
    done = pitchquest("analyze", path, "--captions", hostile / "bignum.vtt")
    _assert_refused(pitchquest, done, path, r"bignum\.vtt are damaged")


@pytest.mark.parametrize("video_id", ["../up", "a/b", "a\nb", "x" * 200, "", ".hidden"])
def test_a_bad_video_id_is_refused_and_never_becomes_a_row(
    pitchquest: Command, sample: Path, video_id: str
) -> None:
    before = pitchquest.rows()
    done = pitchquest("analyze", sample, "--video-id", video_id)
    assert (done.code, done.out) == (2, "")
    assert "is not a video id" in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert pitchquest.rows() == before


def test_a_file_name_that_is_no_text_is_refused_and_the_others_are_done(
    pitchquest: Command, tmp_path: Path, sample: Path
) -> None:
    path = Path(os.fsdecode(bytes(tmp_path) + b"/b\xff.mp4"))
    path.touch()
    done = pitchquest("analyze", path, sample)
    assert done.code == 2
    assert "rename the file" in done.err
    assert "/ 100" in done.out


def test_a_run_that_the_command_did_not_start_fails_its_video_too(
    pitchquest: Command, store: Store, tmp_path: Path
) -> None:
    path = text_renamed(tmp_path)
    videos.register(store, "from-dagit", str(path))
    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions("videos", ["from-dagit"])
        result = (
            definitions_of(load_settings())
            .resolve_job_def("analyze_pitch")
            .execute_in_process(instance=instance, partition_key="from-dagit", raise_on_error=False)
        )
    assert not result.success
    assert not any(event.is_step_up_for_retry for event in result.all_events)
    row = pitchquest.rows()["from-dagit"]
    assert (row.status, row.job_id) == ("failed", result.run_id)
    assert "is not an MP4" in (row.error or "")


def test_captions_for_several_videos_are_refused(pitchquest: Command, sample: Path) -> None:
    done = pitchquest("analyze", sample, sample, "--captions", sample.with_suffix(".vtt"))
    assert done.code == 2
    assert "one video only" in done.err


def _assert_refused(pitchquest: Command, done: Done, path: Path, why: str) -> None:
    sentence = done.err.strip()
    assert (done.code, done.out) == (2, "")
    assert len(sentence.splitlines()) == 1, sentence
    assert re.search(why, sentence), sentence
    (row,) = [row for key, row in pitchquest.rows().items() if key.startswith(path.stem)]
    assert (row.status, row.error) == ("failed", sentence)
    scratch = pitchquest.home / "scratch"
    assert not scratch.exists() or not any(scratch.iterdir())


def test_a_folder_without_a_video_is_refused_with_one_sentence(
    pitchquest: Command, tmp_path: Path
) -> None:
    for command in ("analyze", "submit"):
        done = pitchquest(command, tmp_path)
        assert done.code == 2
        assert done.err.startswith(f"{tmp_path} is a folder without a video (")
        assert len(done.err.splitlines()) == 1

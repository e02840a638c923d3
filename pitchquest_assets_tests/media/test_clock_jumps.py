"""Recordings whose clock jumps. Pictures carry their number, and a tone is heard at known times."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media import clock_jumps
from pitchquest_assets.media.caption_files import Cue, mend_cues
from pitchquest_assets.media.clock_jumps import MAX_PIECES
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, embedded_captions, probe
from pitchquest_assets.media.sampling import iter_frames, sample_frames
from pitchquest_assets.media.sound_choice import extract_audio
from pitchquest_assets.media.voice import voice_of
from pitchquest_assets.model import Frames, SourceVideo
from pitchquest_assets_tests.support.media_factory import (
    Pictures,
    Sound,
    picture_number,
    steady,
    write_media,
)
from pitchquest_assets_tests.support.sounds import tones

CODECS = {".mkv": ("libx264", "aac"), ".mp4": ("libx264", "aac"), ".webm": ("libvpx", "libopus")}
HOUR = 3600.0
FRAME_SECONDS = 0.1
Record = Callable[[Path], Path]


def probed(path: Path) -> SourceVideo:
    return probe(path, video_id="v", filename=path.name, captions_path=None, limits=Limits())


def sampled(source: SourceVideo, path: Path) -> Frames:
    return sample_frames(
        LocalVideo(source, path),
        max_frames=50,
        max_frames_per_second=1,
        width_px=160,
        limits=Limits(),
    )


def numbers(frames: Frames) -> list[int]:
    pictures = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), 0) for _, jpeg in iter_frames(frames)]
    return [picture_number(np.asarray(picture, np.uint8)) for picture in pictures]


def times(frames: Frames) -> list[float]:
    return [frame.time_seconds for frame in frames.frames]


def written(
    path: Path,
    picture_times: Sequence[float],
    spans: Sequence[tuple[float, float]],
    captions: Sequence[tuple[float, float, str]] = (),
) -> Path:
    """A file with pictures at those times, and sound with a tone in the third second of a span."""
    video, audio = CODECS[path.suffix]
    sound = Sound(spans, [(start + 2, start + 3) for start, _ in spans], codec=audio)
    pictures = Pictures(picture_times, codec=video, keyframe_every=20)
    return write_media(path, pictures, sound, captions)


def paused(path: Path, seconds: float = HOUR) -> Path:
    """6 s, a pause of the recorder, and 5 s."""
    again = 6 + seconds
    return written(path, [*steady(6), *steady(5, start=again)], [(0, 6), (again, again + 5)])


def joined(path: Path) -> Path:
    """A file of 6 s with one of 5 s appended, each with its own clock."""
    parts = [
        written(path.with_name(f"{seconds}{path.suffix}"), steady(seconds), [(0, seconds)])
        for seconds in (6, 5)
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


JUMPS: dict[str, tuple[str, Record, str]] = {
    "pause in mkv": ("a.mkv", paused, "ahead by 3600.0 s at 6.0 s"),
    "pause in mp4": ("a.mp4", paused, "ahead by 3600.0 s at 6.0 s"),
    "pause in webm": ("a.webm", paused, "ahead by 3600.0 s at 6.0 s"),
    "short pause": ("a.mp4", lambda path: paused(path, 10), "ahead by 10.0 s at 6.0 s"),
    "joined mkv": ("a.mkv", joined, "back by 6.0 s at 6.0 s"),
    "joined webm": ("a.webm", joined, "back by 6.0 s at 6.0 s"),
}


@pytest.mark.parametrize("case", JUMPS)
def test_a_jump_of_the_clock_is_named_and_left_out_of_all_times(tmp_path: Path, case: str) -> None:
    name, record, jump = JUMPS[case]
    path = record(tmp_path / name)
    source = probed(path)
    assert source.duration_seconds == pytest.approx(11, abs=0.06)
    assert source.fps == 10
    assert [f"The clock of {name} jumps {jump}" in one for one in source.warnings] == [True]

    frames = sampled(source, path)
    begins = [6 if record is joined and time > 5.95 else 0 for time in times(frames)]
    shown = [begin + number / 10 for begin, number in zip(begins, numbers(frames), strict=True)]
    assert np.allclose(times(frames), shown, atol=FRAME_SECONDS)
    assert len(frames.frames) == 11
    assert max(times(frames)) > 9.5

    audio = extract_audio(LocalVideo(source, path), limits=Limits())
    assert audio.duration_seconds == pytest.approx(11, abs=0.06)
    assert np.allclose(tones(audio), [(2, 3), (8, 9)], atol=0.05)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("track", ["pictures", "sound"])
def test_a_track_whose_clock_alone_jumps_stays_with_the_other(
    tmp_path: Path, name: str, track: str
) -> None:
    again = 6 + HOUR
    pictures, spans = steady(11), [(0.0, 11.0)]
    if track == "pictures":
        pictures = [*steady(6), *steady(5, start=again)]
    else:
        spans = [(0.0, 6.0), (again, again + 5)]
    path = written(tmp_path / name, pictures, spans)
    source = probed(path)
    assert source.duration_seconds == pytest.approx(11, abs=0.06)
    assert "jumps ahead by" in source.warnings[0]
    frames = sampled(source, path)
    assert np.allclose(times(frames), [n / 10 for n in numbers(frames)], atol=FRAME_SECONDS)
    assert extract_audio(LocalVideo(source, path), limits=Limits()).duration_seconds < 11.1


@pytest.mark.parametrize(
    ("pictures", "sound", "seconds"),
    [
        ([0, 0.1, 0.2, 20, 20.1], [(0.0, 21.0)], 21),  # a slide, while somebody speaks
        ([0, 0.1, 0.2, 50, 50.1], None, 50.2),  # a slide without a word
        (steady(21), [(0.0, 3.0), (18.0, 21.0)], 21),  # the microphone was off
        ([0, 20, 40, 60, 80, 100], None, 110),  # a picture every 20 s
        ([*steady(1), *steady(6, start=15)], [(15.0, 21.0)], 21),  # nothing is heard at first
    ],
)
def test_what_one_track_lacks_for_a_while_is_no_jump(
    tmp_path: Path,
    pictures: list[float],
    sound: list[tuple[float, float]] | None,
    seconds: float,
) -> None:
    heard = None if sound is None else Sound(sound)
    source = probed(write_media(tmp_path / "a.mkv", Pictures(pictures), heard))
    assert (source.clock, source.warnings) == ([], [])
    assert source.duration_seconds == pytest.approx(seconds, abs=10 if sound is None else 0.1)


def test_a_first_packet_long_before_the_others_is_left_out(tmp_path: Path) -> None:
    pictures = Pictures([0, *steady(5, start=HOUR)], keyframe_every=1)
    path = write_media(tmp_path / "a.mkv", pictures, Sound([(HOUR, HOUR + 5)]))
    source = probed(path)
    assert source.duration_seconds == pytest.approx(5, abs=0.05)
    assert "jumps ahead by 3600.0 s at 0.0 s" in source.warnings[0]
    assert sampled(source, path).frames[0].time_seconds < 1


def test_several_jumps_are_named_in_one_sentence(tmp_path: Path) -> None:
    starts = [0, 100, 200, 300, 400, 500]
    pictures = [time for start in starts for time in steady(3, start=start)]
    path = written(tmp_path / "a.mkv", pictures, [(start, start + 3) for start in starts])
    source = probed(path)
    assert source.duration_seconds == pytest.approx(18, abs=0.2)
    (warning,) = source.warnings
    assert warning.count("ahead by") == 3
    assert "and 2 more times" in warning


def test_a_clock_that_jumps_all_the_time_is_refused(tmp_path: Path) -> None:
    starts = [100.0 * n for n in range(MAX_PIECES + 1)]
    pictures = [time for start in starts for time in steady(0.5, start=start)]
    path = written(tmp_path / "a.mkv", pictures, [(start, start + 0.5) for start in starts])
    with pytest.raises(InvalidVideo, match=r"The clock of a\.mkv jumps more often"):
        probed(path)


def test_a_clock_that_steps_back_too_often_is_refused_as_its_packets_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = joined(tmp_path / "a.mkv")
    monkeypatch.setattr(clock_jumps, "MAX_PIECES", 1)
    with pytest.raises(InvalidVideo, match=r"The clock of a\.mkv jumps more often"):
        probed(path)


def test_captions_inside_the_file_keep_to_the_mended_clock(tmp_path: Path) -> None:
    again = 6 + HOUR
    path = written(
        tmp_path / "a.mkv",
        [*steady(6), *steady(5, start=again)],
        [(0, 6), (again, again + 5)],
        [(1, 2, "We help farmers."), (again + 1, again + 2, "We ask for a million.")],
    )
    cues = embedded_captions(path, probed(path).clock)
    assert [text for _, _, text in cues] == ["We help farmers.", "We ask for a million."]
    assert np.allclose([start for start, _, _ in cues], [1, 7], atol=0.05)


@pytest.mark.parametrize(
    "second",
    [Cue("two", 6 + HOUR + 1, 6 + HOUR + 2), Cue("two", 7, 8)],
    ids=["with the gap", "without it"],
)
def test_captions_beside_the_file_are_read_with_and_without_its_gap(
    tmp_path: Path, second: Cue
) -> None:
    source = probed(paused(tmp_path / "a.mkv"))
    mended = mend_cues([Cue("one", 1, 2), second], source)
    assert [cue.text for cue in mended] == ["one", "two"]
    assert mended[1].start_seconds == pytest.approx(7, abs=0.05)
    assert mended[1].end_seconds == pytest.approx(8, abs=0.05)


def test_a_recorder_that_was_paused_for_a_day_gives_the_eleven_seconds_that_are_there(
    shared_cases: Path,
) -> None:
    path = shared_cases / "media" / "a22_jump_forward.mkv"
    source = probed(path)
    assert source.duration_seconds == pytest.approx(11, abs=0.2)
    assert "jumps ahead by 95443.6 s at 6.1 s" in source.warnings[0]
    assert len(sampled(source, path).frames) == 11
    audio = extract_audio(LocalVideo(source, path), limits=Limits())
    assert audio.duration_seconds == pytest.approx(11, abs=0.2)
    assert voice_of(audio)[-1][1] > 10

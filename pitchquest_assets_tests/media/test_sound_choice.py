"""Which track and channel is heard. Sounds are written as PCM with exactly these channels."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pitchquest_assets.media.sound import iter_blocks, read_floats
from pitchquest_assets.media.voice import voice_of
from pitchquest_assets_tests.support.sounds import audio_of, noise, speech_file
from pitchquest_assets_tests.support.voices import RATE, background

Channels = Sequence[np.ndarray]


def written(path: Path, *tracks: Channels, codec: str = "pcm_s16le") -> Path:
    """A Matroska file with these tracks, the first one the default; float32 samples at 16 kHz."""
    with av.open(path, "w", format="matroska") as container:
        layouts = ["stereo" if len(track) == 2 else "mono" for track in tracks]
        streams = [container.add_stream(codec, rate=RATE, layout=layout) for layout in layouts]
        for track, stream, layout in zip(tracks, streams, layouts, strict=True):
            samples = np.round(np.stack(track) * 32767).astype(np.int16)
            for first in range(0, samples.shape[1], 1024):
                piece = np.ascontiguousarray(samples[:, first : first + 1024].T.reshape(1, -1))
                frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=layout)
                frame.sample_rate = RATE
                frame.pts, frame.time_base = first, Fraction(1, RATE)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def voice(shared_media: Path) -> np.ndarray:
    samples = read_floats(speech_file(shared_media / "speech" / "jfk.flac"))
    return samples * (0.5 / np.abs(samples).max())


def speech_seconds(path: Path) -> float:
    return sum(end - start for start, end in voice_of(audio_of(path)))


def test_a_channel_that_is_the_other_upside_down_does_not_silence_it(
    voice: np.ndarray, tmp_path: Path
) -> None:
    plain = written(tmp_path / "plain.mkv", [voice])
    for gain in (-1.0, -0.6):
        path = written(tmp_path / "inverted.mkv", [voice, gain * voice])
        audio = audio_of(path)
        assert speech_seconds(path) == pytest.approx(speech_seconds(plain), abs=0.1)
        assert audio.warnings == [
            "inverted.mkv: the two channels of the sound spoil each other; "
            "only the left one is used."
        ]
        assert np.abs(read_floats(audio)).max() == pytest.approx(0.5, abs=0.01)


def test_speech_that_cancels_after_loud_music_that_does_not_is_heard(
    voice: np.ndarray, tmp_path: Path
) -> None:
    music = noise("music", 11) / 32768
    left, right = np.concatenate([music, voice]), np.concatenate([music, -voice])
    path = written(tmp_path / "intro.mkv", [left, right])
    assert speech_seconds(path) > 4


@pytest.mark.parametrize(("side", "name"), [(0, "left"), (1, "right")])
def test_the_channel_of_the_voice_is_taken_where_the_other_only_roars(
    voice: np.ndarray, tmp_path: Path, side: int, name: str
) -> None:
    roar = background(voice.size, 0.15)
    channels = [voice, roar] if side == 0 else [roar, voice]
    audio = audio_of(written(tmp_path / "roar.mkv", channels))
    assert [f"only the {name} one is used" in one for one in audio.warnings] == [True]
    assert np.corrcoef(read_floats(audio), voice)[0, 1] > 0.99


def test_two_people_on_two_channels_are_both_heard(voice: np.ndarray, tmp_path: Path) -> None:
    pause = np.zeros(voice.size, np.float32)
    left, right = np.concatenate([voice, pause]), np.concatenate([pause, voice])
    path = written(tmp_path / "talk.mkv", [left, right])
    assert audio_of(path).warnings == []
    assert voice_of(audio_of(path))[-1][0] > 11


@pytest.mark.parametrize("share", [1.0, 0.5, 0.0])
def test_channels_that_go_together_are_mixed_without_a_word(
    voice: np.ndarray, tmp_path: Path, share: float
) -> None:
    room = [background(voice.size, 0.002, seed=seed) for seed in (1, 2)]
    path = written(tmp_path / "stereo.mkv", [voice + room[0], share * voice + room[1]])
    audio = audio_of(path)
    assert audio.warnings == []
    assert np.abs(read_floats(audio)).max() == pytest.approx(0.25 * (1 + share), abs=0.02)


SILENT_TRACKS = {
    "digital silence": lambda count: np.zeros(count, np.float32),
    "room tone": lambda count: background(count, 0.001),
    "music": lambda count: (noise("music", 11) / 32768)[:count].astype(np.float32),
}


@pytest.mark.parametrize("kind", SILENT_TRACKS)
def test_the_track_on_which_somebody_speaks_is_taken_and_named(
    voice: np.ndarray, tmp_path: Path, kind: str
) -> None:
    quiet = SILENT_TRACKS[kind](voice.size)
    audio = audio_of(written(tmp_path / "obs.mkv", [quiet], [quiet], [voice]))
    assert audio.warnings == [
        "obs.mkv: nobody speaks on the default sound track; track 3 of 3 is used."
    ]
    assert np.corrcoef(read_floats(audio), voice)[0, 1] > 0.99


def test_the_default_track_stays_where_others_speak_as_well(
    voice: np.ndarray, tmp_path: Path
) -> None:
    audio = audio_of(written(tmp_path / "two.mkv", [0.3 * voice], [voice, voice]))
    assert audio.warnings == []
    assert np.abs(read_floats(audio)).max() == pytest.approx(0.15, abs=0.01)


def test_a_file_without_any_voice_keeps_its_default_track(tmp_path: Path) -> None:
    tracks = [[background(3 * RATE, 0.01)], [background(3 * RATE, 0.1)]]
    audio = audio_of(written(tmp_path / "noise.mkv", *tracks))
    assert audio.warnings == []
    assert np.concatenate(list(iter_blocks(audio))).std() == pytest.approx(0.01, rel=0.1)


@pytest.mark.parametrize(
    ("name", "warning"),
    [("a03_antiphase.mp4", "left one is used"), ("a05b_obs.mkv", "track 2 of 2")],
)
def test_recordings_that_seemed_silent_are_heard(
    shared_cases: Path, name: str, warning: str
) -> None:
    audio = audio_of(shared_cases / "media" / name)
    assert [warning in one for one in audio.warnings] == [True]
    assert sum(end - start for start, end in voice_of(audio)) > 6

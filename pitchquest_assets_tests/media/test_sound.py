import io
import random
from pathlib import Path

import av
import numpy as np
import pytest

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, probe
from pitchquest_assets.media.sound import iter_blocks, read_floats, read_samples
from pitchquest_assets.media.sound_choice import extract_audio
from pitchquest_assets.media.sound_track import MAX_DRIFT_SECONDS
from pitchquest_assets.model import Audio
from pitchquest_assets_tests.support.media_factory import (
    Pictures,
    Sound,
    cut_short,
    steady,
    write_media,
)
from pitchquest_assets_tests.support.sounds import tones

RATE_HZ = 16_000
PICTURES = Pictures(steady(4))
EXACT = 2 / RATE_HZ
LOSSY = 0.002


def extracted(path: Path, limits: Limits | None = None) -> Audio:
    source = probe(path, video_id="v", filename=path.name, captions_path=None, limits=Limits())
    return extract_audio(LocalVideo(source, path), limits=limits or Limits())


def test_sound_that_goes_on_long_after_the_file_has_ended_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), mode="w", format="matroska") as container:
        stream = container.add_stream("pcm_u8", rate=4_000, layout="mono")
        packet = av.Packet(b"\x80" * 4_000 * 60)
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        container.mux(packet)
    source = probe(path, video_id="v", filename="a.mkv", captions_path=None, limits=Limits())
    short = source.model_copy(update={"duration_seconds": 1.0})
    with pytest.raises(InvalidVideo, match=r"No sound of a\.mkv can be decoded"):
        extract_audio(LocalVideo(short, path), limits=Limits())


def test_sound_becomes_16_khz_mono_flac(tmp_path: Path) -> None:
    audio = extracted(write_media(tmp_path / "a.mp4", PICTURES, Sound([(0, 4)], [(1, 2)])))
    with av.open(io.BytesIO(audio.payload)) as container:
        stream = container.streams.audio[0]
        assert (container.format.name, stream.codec_context.name) == ("flac", "flac")
        assert (stream.rate, stream.layout.name) == (RATE_HZ, "mono")
    assert audio.sample_rate_hz == RATE_HZ
    assert audio.duration_seconds == pytest.approx(4, abs=0.05)
    assert audio.duration_seconds == read_samples(audio).size / RATE_HZ


CLOCK_CASES = {
    "aac in mp4": ("a.mp4", Sound([(0, 4)], [(1, 2)]), [(1, 2)], LOSSY),
    "opus in webm": ("a.webm", Sound([(0, 4)], [(1, 2)], codec="libopus"), [(1, 2)], LOSSY),
    "aac in mkv": ("a.mkv", Sound([(0, 4)], [(1, 2)]), [(1, 2)], LOSSY),
    "pcm in avi": ("a.avi", Sound([(0, 4)], [(1, 2)], codec="pcm_s16le"), [(1, 2)], EXACT),
    "44.1 kHz mono": (
        "a.mov",
        Sound([(0, 4)], [(1, 2)], codec="pcm_s16le", rate_hz=44_100, layout="mono"),
        [(1, 2)],
        EXACT,
    ),
    "late start": ("a.mp4", Sound([(2, 4)], [(3, 3.5)]), [(3, 3.5)], LOSSY),
    "late start, exact": (
        "a.mkv",
        Sound([(2, 4)], [(3, 3.5)], codec="pcm_s16le"),
        [(3, 3.5)],
        EXACT,
    ),
    "gap": (
        "a.mkv",
        Sound([(0, 1), (2, 4)], [(0.5, 0.8), (3, 3.5)], codec="pcm_s16le"),
        [(0.5, 0.8), (3, 3.5)],
        EXACT,
    ),
    "gap in aac": ("a.mp4", Sound([(0, 1), (2.5, 4)], [(3, 3.5)]), [(3, 3.5)], LOSSY),
}


@pytest.mark.parametrize("case", CLOCK_CASES)
def test_sample_number_is_the_time_on_the_clock(tmp_path: Path, case: str) -> None:
    name, sound, expected, tolerance = CLOCK_CASES[case]
    codec = {".webm": "libvpx", ".avi": "mjpeg"}.get(Path(name).suffix, "libx264")
    path = write_media(tmp_path / name, Pictures(steady(4), codec=codec), sound)
    found = tones(extracted(path))
    assert len(found) == len(expected)
    assert np.allclose(found, expected, atol=tolerance + 0.0006, rtol=0)


def test_clock_starts_with_the_earliest_stream(tmp_path: Path) -> None:
    sound = Sound([(100, 104)], [(102, 103)], codec="pcm_s16le")
    path = write_media(tmp_path / "a.mkv", Pictures(steady(5, start=99)), sound)
    assert np.allclose(tones(extracted(path)), [(3, 4)], atol=0.001)


def test_sound_that_overlaps_is_heard_once(tmp_path: Path) -> None:
    sound = Sound([(0, 2), (1, 4)], [(3, 3.5)], codec="pcm_s16le")
    audio = extracted(write_media(tmp_path / "a.mkv", PICTURES, sound))
    # As exact as the drift that is allowed.
    assert audio.duration_seconds == pytest.approx(4, abs=MAX_DRIFT_SECONDS)
    assert np.allclose(tones(audio), [(3, 3.5)], atol=MAX_DRIFT_SECONDS)


def test_video_without_sound_gives_the_reason(tmp_path: Path) -> None:
    audio = extracted(write_media(tmp_path / "a.mp4", PICTURES))
    assert (audio.payload, audio.duration_seconds) == (b"", 0)
    assert audio.reason == "the file has no audio stream"
    assert read_samples(audio).size == 0
    assert list(iter_blocks(audio)) == []


def test_truncated_file_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    write_media(whole, PICTURES, Sound([(0, 4)], [(0, 4)]), options={"movflags": "faststart"})
    audio = extracted(cut_short(whole, tmp_path / "cut.mp4", 0.6))
    assert 0.5 < audio.duration_seconds < 3.5


def test_damage_in_the_middle_is_a_warning(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", sound=Sound([(0, 20)], [(0, 20)]))
    data = bytearray(path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    rng = random.Random(1)
    for position in range(start + (end - start) // 3, start + (end - start) // 2):
        data[position] = rng.randrange(256)
    path.write_bytes(data)
    audio = extracted(path)
    assert audio.duration_seconds == pytest.approx(20, abs=0.1)
    assert len(audio.warnings) == 1
    assert "a.mp4 is damaged" in audio.warnings[0]


def test_decoding_stops_at_the_limit(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", sound=Sound([(0, 2)]))
    with pytest.raises(InvalidVideo, match=r"a\.mp4 .* PITCHQUEST_MAX_DECODE_SECONDS"):
        extracted(path, Limits(max_decode_seconds=0))


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Audio:
    path = tmp_path_factory.mktemp("sound") / "a.mkv"
    return extracted(write_media(path, sound=Sound([(0, 7)], [(1, 6)], codec="pcm_s16le")))


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (0, 1), (1.23, 4.56), (6.5, None), (5, 99), (3, 3), (50, 60)]
)
def test_any_span_of_samples_can_be_read(audio: Audio, start: float, end: float | None) -> None:
    whole = read_samples(audio)
    stop = None if end is None else round(end * RATE_HZ)
    assert np.array_equal(read_samples(audio, start, end), whole[round(start * RATE_HZ) : stop])


@pytest.mark.parametrize("seconds", [0.1, 1, 2.5, 60])
def test_blocks_are_all_samples_in_order(audio: Audio, seconds: float) -> None:
    blocks = list(iter_blocks(audio, seconds))
    assert all(block.size == round(seconds * RATE_HZ) for block in blocks[:-1])
    whole = np.concatenate(blocks)
    assert whole.dtype == np.float32
    assert np.abs(whole).max() <= 1
    assert np.array_equal(whole * 32768, read_samples(audio))
    assert np.array_equal(whole[RATE_HZ:], read_floats(audio, 1))


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("pitch_11s_vp9.webm", 11), ("audio_only.mp4", 11), ("truncated_faststart.mp4", 16.6)],
)
def test_shared_media_are_heard(shared_media: Path, name: str, seconds: float) -> None:
    assert extracted(shared_media / name).duration_seconds == pytest.approx(seconds, abs=0.05)

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from pitchquest_assets.errors import InvalidCaptions, InvalidVideo
from pitchquest_assets.media.probe import (
    Limits,
    embedded_captions,
    is_plausible,
    open_media,
    probe,
)
from pitchquest_assets.model import SourceVideo
from pitchquest_assets_tests.support.media_factory import (
    Pictures,
    Sound,
    cut_short,
    steady,
    with_external_reference,
    without_moov,
    write_media,
)

PICTURES = Pictures(steady(4))
SOUND = Sound([(0, 4)])


def probed(path: Path, **limits: float) -> SourceVideo:
    return probe(
        path, video_id="v", filename=path.name, captions_path=None, limits=Limits(**limits)
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_media(tmp_path_factory.mktemp("media") / "plain.mp4", PICTURES, SOUND)


def test_probe_tells_what_the_file_holds(plain: Path) -> None:
    source = probed(plain)
    assert (source.container, source.video_codec, source.audio_codec) == ("mov", "h264", "aac")
    assert (source.width_px, source.height_px, source.rotation_degrees) == (160, 96, 0)
    assert source.duration_seconds == pytest.approx(4, abs=0.05)
    assert source.fps == 10
    assert source.size_bytes == plain.stat().st_size
    assert len(source.sha256) == 64
    assert source.warnings == []


@pytest.mark.parametrize(
    ("name", "pictures", "sound", "codecs"),
    [
        ("a.mov", Pictures(steady(2), codec="libx265"), None, ("mov", "hevc", None)),
        (
            "a.webm",
            Pictures(steady(2), codec="libvpx-vp9"),
            Sound([(0, 2)], codec="libopus"),
            ("matroska", "vp9", "opus"),
        ),
        ("a.mkv", PICTURES, SOUND, ("matroska", "h264", "aac")),
        ("a.avi", Pictures(steady(2), codec="mjpeg"), None, ("avi", "mjpeg", None)),
        ("silent.mp4", PICTURES, None, ("mov", "h264", None)),
        ("blind.mp4", None, SOUND, ("mov", None, "aac")),
    ],
)
def test_containers_and_codecs_are_named(
    tmp_path: Path,
    name: str,
    pictures: Pictures | None,
    sound: Sound | None,
    codecs: tuple[str, str | None, str | None],
) -> None:
    source = probed(write_media(tmp_path / name, pictures, sound))
    assert (source.container, source.video_codec, source.audio_codec) == codecs
    assert (source.has_video, source.has_audio) == (pictures is not None, sound is not None)


@pytest.mark.parametrize(("anticlockwise", "turn"), [(0, 0), (90, 270), (180, 180), (-90, 90)])
def test_size_is_that_of_the_upright_picture(tmp_path: Path, anticlockwise: int, turn: int) -> None:
    pictures = Pictures(steady(1), rotation_degrees=anticlockwise)
    source = probed(write_media(tmp_path / "phone.mp4", pictures))
    upright = (96, 160) if turn % 180 else (160, 96)
    assert (source.width_px, source.height_px) == upright
    assert source.rotation_degrees == turn


def test_duration_is_measured_where_the_header_has_none(tmp_path: Path) -> None:
    pictures = Pictures(steady(4), codec="libvpx")
    path = write_media(tmp_path / "browser.webm", pictures, seekable=False)
    with av.open(path) as container:
        assert container.duration is None
    assert probed(path).duration_seconds == pytest.approx(4, abs=0.15)


def test_duration_is_that_of_the_longest_stream(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(2)), Sound([(0, 5)]))
    assert probed(path).duration_seconds == pytest.approx(5, abs=0.05)


def test_duration_counts_from_the_start_of_the_file(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mkv", Pictures(steady(2, start=100)))
    assert probed(path).duration_seconds == pytest.approx(2, abs=0.15)


def test_frame_rate_is_the_average_on_variable_rates(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures([0, 0.1, 0.3, 2.0, 2.5, 4.0]))
    assert probed(path).fps == pytest.approx(5 / 4)


def test_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = write_media(tmp_path / "song.mp4", Pictures([0], codec="mjpeg", cover=True), SOUND)
    assert not probed(path).has_video


def test_truncated_mp4_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    write_media(whole, PICTURES, SOUND, options={"movflags": "faststart"})
    source = probed(cut_short(whole, tmp_path / "cut.mp4", 0.6))
    assert 0.5 < source.duration_seconds < 3
    assert len(source.warnings) == 1
    assert "cut.mp4 claims 4.0 s" in source.warnings[0]
    assert f"{source.duration_seconds:.1f} s" in source.warnings[0]


def test_pictures_that_cannot_be_decoded_leave_the_sound(tmp_path: Path, plain: Path) -> None:
    data = bytearray(plain.read_bytes())
    setup = data.index(b"avcC") + 4
    data[setup : setup + 36] = bytes(36)
    path = tmp_path / "half.mp4"
    path.write_bytes(data)
    source = probed(path)
    assert (source.has_video, source.has_audio) == (False, True)
    assert source.warnings == ["No picture of half.mp4 can be decoded: only the sound is analysed."]


def bad_file(kind: str, folder: Path, plain: Path) -> Path:
    path = folder / f"{kind}.mp4"
    match kind:
        case "empty":
            path.touch()
        case "text":
            path.write_text("I promise that this is a video.\n" * 100)
        case "no_moov":
            without_moov(plain, path)
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "garbage":
            path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20)
        case "damaged_matroska":
            path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 20)
        case "transport_stream":
            write_media(path, PICTURES, format="mpegts")
        case "captions_only":
            write_media(path, captions=[(0, 1, "Hello")])
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", "is empty"),
        ("text", "is not an MP4, MOV, WebM, MKV or AVI video"),
        ("transport_stream", "is not an MP4, MOV, WebM, MKV or AVI video"),
        ("no_moov", "no index (moov box)"),
        ("directory", "is a directory"),
        ("pipe", "is not a regular file"),
        ("missing", "is not there"),
        ("garbage", "moov"),
        ("damaged_matroska", "damaged beyond reading"),
        ("captions_only", "neither a video nor an audio stream"),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(
    tmp_path: Path, plain: Path, kind: str, says: str
) -> None:
    with pytest.raises(InvalidVideo) as refusal:
        probed(bad_file(kind, tmp_path, plain))
    sentence = str(refusal.value)
    assert says in sentence
    assert f"{kind}.mp4" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_file_that_may_not_be_read_is_refused(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:  # root may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InvalidVideo, match=r"plain\.mp4 may not be read"):
        probed(plain)


@pytest.mark.parametrize(
    ("limit", "setting"),
    [
        ({"max_size_mb": 0.001}, "PITCHQUEST_MAX_SIZE_MB"),
        ({"max_duration_seconds": 3}, "PITCHQUEST_MAX_DURATION_SECONDS"),
        ({"max_pixels": 160 * 96 - 1}, "PITCHQUEST_MAX_PIXELS"),
        ({"max_decode_seconds": 0}, "PITCHQUEST_MAX_DECODE_SECONDS"),
    ],
)
def test_each_limit_names_its_setting(plain: Path, limit: dict[str, float], setting: str) -> None:
    with pytest.raises(InvalidVideo, match=setting) as refusal:
        probed(plain, **limit)
    assert "plain.mp4" in str(refusal.value)


PLAYLISTS = {
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{target}\n#EXT-X-ENDLIST\n",
    "dash": "<?xml version='1.0'?><MPD><Period><BaseURL>{target}</BaseURL></Period></MPD>",
    "sdp": "v=0\nm=video 5004 RTP/AVP 96\nc=IN IP4 127.0.0.1\na=control:{target}\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_playlist_in_disguise_reads_nothing_of_what_it_points_at(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target.mp4"
    os.mkfifo(target)  # opening it for reading would block, as nobody writes
    playlist = tmp_path / "pitch.mp4"
    playlist.write_text(PLAYLISTS[kind].format(target=target))
    with pytest.raises(InvalidVideo, match=r"pitch\.mp4 is not an MP4"):
        probed(playlist)


def test_playlist_of_the_test_above_would_work_elsewhere(tmp_path: Path, plain: Path) -> None:
    playlist = tmp_path / "pitch.mp4"
    playlist.write_text(PLAYLISTS["concat"].format(target=plain))
    with av.open(playlist, options={"safe": "0"}) as container:
        assert container.streams.video


def test_mov_that_refers_to_another_file_reads_nothing_of_it(tmp_path: Path) -> None:
    target = tmp_path / "target.mp4"
    os.mkfifo(target)  # opening it for reading would block, as nobody writes
    whole = write_media(tmp_path / "whole.mov", PICTURES)
    with pytest.raises(InvalidVideo, match=r"Nothing in pitch\.mov can be decoded"):
        probed(with_external_reference(whole, tmp_path / "pitch.mov", target))


def test_external_reference_of_the_test_above_would_work_elsewhere(
    tmp_path: Path, plain: Path
) -> None:
    whole = write_media(tmp_path / "whole.mov", PICTURES)
    path = with_external_reference(whole, tmp_path / "pitch.mov", plain)
    with av.open(str(path), options={"enable_drefs": "1", "use_absolute_path": "1"}) as container:
        assert next(container.demux(video=0)).size > 0


def test_nothing_else_can_be_opened_even_if_a_demuxer_asks(plain: Path) -> None:
    with open_media(plain) as container, pytest.raises(InvalidVideo, match="other files"):
        container.io_open("http://example.com/x.mp4", 1, {})


@pytest.mark.parametrize("name", ["pitch.mp4", "pitch.mkv"])
def test_captions_inside_the_file_are_found_with_their_times(tmp_path: Path, name: str) -> None:
    captions = [(0.5, 1.5, "We help farmers,"), (2.0, 3.25, "who lose\nhalf of it.")]
    path = write_media(tmp_path / name, PICTURES, SOUND, captions)
    assert embedded_captions(path) == captions


@pytest.mark.parametrize("mark", ["[", "<a", "{", "{\\"])
def test_a_caption_inside_the_file_that_is_all_marks_is_read(tmp_path: Path, mark: str) -> None:
    text = "We sell shelves " + mark * (20_000 // len(mark))
    path = write_media(tmp_path / "pitch.mkv", PICTURES, SOUND, [(0.5, 1.5, text)])
    assert embedded_captions(path)[0][2].startswith("We sell shelves")


@pytest.mark.parametrize(("cues", "characters"), [(1, 100_001), (25, 50_000)])
def test_captions_inside_the_file_larger_than_those_of_any_pitch_are_refused(
    tmp_path: Path, cues: int, characters: int
) -> None:
    captions = [(0.01 * i, 0.01 * i + 0.01, "a word " * (characters // 7 + 1)) for i in range(cues)]
    path = write_media(tmp_path / "pitch.mkv", PICTURES, SOUND, captions)
    with pytest.raises(InvalidCaptions, match=r"subtitles inside pitch\.mkv are larger"):
        embedded_captions(path)


def test_file_without_captions_gives_none(plain: Path) -> None:
    assert embedded_captions(plain) == []


@pytest.mark.parametrize(
    ("name", "size", "duration"),
    [
        ("pitch_11s_hevc.mov", (1280, 720), 11.0),
        ("pitch_11s_vp9.webm", (1280, 720), 11.0),
        ("pitch_11s_portrait_rot.mp4", (720, 1280), 11.0),
        ("one_frame.mp4", (1280, 720), 1 / 30),
        ("no_audio.mp4", (1920, 1080), 11.0),
        ("audio_only.mp4", (None, None), 11.0),
        ("truncated_faststart.mp4", (1280, 720), 16.6),
    ],
)
def test_shared_media_are_told_right(
    shared_media: Path, name: str, size: tuple[int | None, int | None], duration: float
) -> None:
    source = probed(shared_media / name)
    assert (source.width_px, source.height_px) == size
    assert source.duration_seconds == pytest.approx(duration, abs=0.05)
    assert len(source.warnings) == (name == "truncated_faststart.mp4")


@pytest.mark.parametrize("name", ["truncated_no_moov", "zero_byte", "text_renamed"])
def test_unreadable_shared_media_are_refused(shared_media: Path, name: str) -> None:
    with pytest.raises(InvalidVideo, match=name):
        probed(shared_media / f"{name}.mp4")


@pytest.mark.parametrize(
    ("pictures", "sound", "claim"),
    [
        (
            None,
            Sound([(0, 4)], codec="pcm_s16le", rate_hz=1_000, layout="mono"),
            "sound at 1000 Hz",
        ),
        (None, Sound([(0, 0.1)], codec="pcm_s16le", rate_hz=768_000), "sound at 768000 Hz"),
        (Pictures([0, 1], (17_000, 16), codec="mjpeg"), None, "pictures of 17000 × 16 px"),
    ],
)
def test_what_nothing_records_is_refused(
    tmp_path: Path, pictures: Pictures | None, sound: Sound | None, claim: str
) -> None:
    path = write_media(tmp_path / "a.mkv", pictures, sound)
    with pytest.raises(InvalidVideo, match=f"a.mkv claims {claim}.*which nothing records"):
        probed(path)


@pytest.mark.parametrize(("rate_hz", "channels"), [(0, 1), (-8_000, 1), (48_000, 0), (48_000, 255)])
def test_sound_without_sense_is_not_plausible(rate_hz: int, channels: int) -> None:
    assert not is_plausible(rate_hz, channels)
    assert is_plausible(48_000, 2)


def test_a_second_of_sound_that_is_spread_over_hours_is_refused(shared_cases: Path) -> None:
    path = shared_cases / "hostile" / "one_pcm1hz_20000.mkv"
    with pytest.raises(InvalidVideo, match="claims sound at 1 Hz"):
        probed(path)


PEAK = """
import sys
from pathlib import Path
from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media.probe import Limits, probe

path = Path(sys.argv[1])
try:
    probe(path, video_id="v", filename=path.name, captions_path=None, limits=Limits())
except InvalidVideo:
    print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory was used")
def test_to_refuse_twenty_kilobytes_takes_little_memory(shared_cases: Path) -> None:
    path = shared_cases / "hostile" / "one_pcm1hz_20000.mkv"
    command = [sys.executable, "-c", PEAK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200_000

import io
import random
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media import sampling
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, probe
from pitchquest_assets.media.sampling import iter_frames, read_frame, sample_frames
from pitchquest_assets.model import Frames
from pitchquest_assets_tests.support.media_factory import (
    Pictures,
    Sound,
    cut_short,
    picture_number,
    steady,
    write_media,
)

LIMITS = Limits()


def sampled(
    path: Path,
    *,
    max_frames: int = 50,
    rate: float = 1.0,
    width_px: int = 640,
    limits: Limits = LIMITS,
) -> Frames:
    source = probe(path, video_id="v", filename=path.name, captions_path=None, limits=LIMITS)
    return sample_frames(
        LocalVideo(source, path),
        max_frames=max_frames,
        max_frames_per_second=rate,
        width_px=width_px,
        limits=limits,
    )


def pixels(jpeg: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def numbers(frames: Frames) -> list[int]:
    return [picture_number(pixels(jpeg)) for _, jpeg in iter_frames(frames)]


def times(frames: Frames) -> list[float]:
    return [frame.time_seconds for frame in frames.frames]


SPREAD = [
    ("one keyframe", Pictures(steady(20)), "decode"),
    ("keyframe each second", Pictures(steady(20), keyframe_every=10), "keyframes"),
    ("no B-frames", Pictures(steady(20), b_frames=0), "decode"),
    ("intra only", Pictures(steady(20), codec="mjpeg"), "keyframes"),
    ("vp8", Pictures(steady(20), codec="libvpx"), "decode"),
    ("hevc", Pictures(steady(20), codec="libx265"), "decode"),
    ("mpeg4", Pictures(steady(20), codec="mpeg4", keyframe_every=12), "keyframes"),
]


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("pictures", "method"), [case[1:] for case in SPREAD], ids=[case[0] for case in SPREAD]
)
def test_frames_spread_over_the_whole_video_with_true_times(
    tmp_path: Path, container: str, pictures: Pictures, method: str
) -> None:
    if (container, pictures.codec) == ("mp4", "libvpx"):
        pytest.skip("VP8 does not go into MP4")
    frames = sampled(write_media(tmp_path / f"a.{container}", pictures), max_frames=5)
    assert frames.spacing_seconds == pytest.approx(4, abs=0.05)
    assert len(frames.frames) == 5
    for number, time in enumerate(times(frames)):
        assert number <= time / frames.spacing_seconds < number + 1
    assert times(frames) == pytest.approx([n / 10 for n in numbers(frames)], abs=0.0011)
    assert frames.method == method


@pytest.mark.parametrize(
    ("max_frames", "rate", "expected"),
    [(50, 1, 8), (3, 1, 3), (50, 0.5, 4), (50, 10, 50), (1, 1, 1)],
)
def test_number_of_frames_obeys_both_settings(
    tmp_path: Path, max_frames: int, rate: float, expected: int
) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(8)))
    assert len(sampled(path, max_frames=max_frames, rate=rate).frames) == expected


def test_every_picture_can_be_had(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(3)))
    assert numbers(sampled(path, rate=10)) == list(range(30))


def test_variable_frame_rate_gives_the_pictures_own_times(tmp_path: Path) -> None:
    shown = [0, 0.4, 0.45, 0.5, 2.9, 3.0, 3.05, 6.6, 6.7]
    frames = sampled(write_media(tmp_path / "a.mp4", Pictures(shown)), rate=1)
    assert times(frames) == pytest.approx([shown[n] for n in numbers(frames)], abs=1e-4)
    assert times(frames) == sorted(set(times(frames)))


def test_picture_on_show_is_taken_once_where_nothing_new_is_shown(tmp_path: Path) -> None:
    slides = Pictures([0, 0.1, 0.2, 9.8, 9.9])
    frames = sampled(write_media(tmp_path / "slides.mp4", slides), rate=1)
    assert numbers(frames) == [0, 2, 3]


def test_picture_stands_for_as_many_seconds_as_it_is_on_show(tmp_path: Path) -> None:
    still = Pictures([0, *steady(10, start=10)])
    frames = sampled(write_media(tmp_path / "still.mp4", still), rate=1)
    assert [frame.cells for frame in frames.frames] == [10] + [1] * 10
    moving = sampled(write_media(tmp_path / "moving.mp4", Pictures(steady(20))), rate=1)
    assert [frame.cells for frame in moving.frames] == [1] * 20


class Unseekable(io.RawIOBase):
    """A file that can only be read forward, like one that comes through a pipe."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()


@pytest.mark.parametrize("keyframe_every", [250, 10])
def test_file_in_which_seeking_fails_is_decoded_from_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyframe_every: int
) -> None:
    path = write_media(tmp_path / "a.mkv", Pictures(steady(12), keyframe_every=keyframe_every))
    expected = sampled(path)
    monkeypatch.setattr(
        sampling, "open_media", lambda path, **_: av.open(Unseekable(path), format="matroska")
    )
    frames = sampled(path)
    assert times(frames) == times(expected)
    assert numbers(frames) == numbers(expected)
    assert frames.warnings == []


def test_other_tracks_of_pictures_are_named(shared_cases: Path) -> None:
    frames = sampled(shared_cases / "media" / "b12_screen_first.mp4")
    assert frames.warnings == [
        "b12_screen_first.mp4 has 2 tracks of pictures, of which only number 1 is analysed: if "
        "another one shows the speaker, export that one alone."
    ]


def test_turned_phone_gives_pictures_of_both_shapes(shared_cases: Path) -> None:
    frames = sampled(shared_cases / "media" / "a01_turned.webm")
    shapes = [pixels(jpeg).shape[:2] for _, jpeg in iter_frames(frames)]
    assert shapes == [(180, 320)] * 3 + [(320, 180)] * 3
    assert (frames.width_px, frames.height_px) == (320, 180)


def test_picture_says_how_much_smaller_it_is_than_in_the_video(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures([0], size_px=(320, 180), rotation_degrees=90))
    assert sampled(path, width_px=90).frames[0].scale == 0.5
    assert sampled(path).frames[0].scale == 1


@pytest.mark.parametrize("curve", ["hlg", "sdr"])
def test_hdr_pictures_look_like_sdr_ones(shared_cases: Path, curve: str) -> None:
    folder = shared_cases / "media"
    shown, expected = (
        [pixels(jpeg).astype(int) for _, jpeg in iter_frames(sampled(folder / name))]
        for name in (f"a08_{curve}.mov", "a08_sdr.mov")
    )
    differences = [np.abs(one - other).mean() for one, other in zip(shown, expected, strict=True)]
    assert max(differences) < 16  # 45 without a mapping


def test_late_video_keeps_its_offset_against_the_sound(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(4, start=2)), Sound([(0, 6)]))
    frames = sampled(path)
    assert times(frames) == pytest.approx([2 + n / 10 for n in numbers(frames)], abs=1e-3)
    assert min(times(frames)) >= 2


def test_clock_starts_with_the_file(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mkv", Pictures(steady(4, start=100)))
    frames = sampled(path)
    assert times(frames) == pytest.approx([n / 10 for n in numbers(frames)], abs=0.0011)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("browser.webm", "libvpx", {}),
        ("browser.mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        ("browser.mkv", "libx264", {}),
    ],
)
def test_file_without_an_index_is_sampled_all_the_same(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    pictures = Pictures(steady(20), codec=codec, keyframe_every=50, b_frames=0)
    path = write_media(tmp_path / name, pictures, options=options, seekable=False)
    frames = sampled(path, max_frames=5)
    assert len(frames.frames) == 5
    assert times(frames) == pytest.approx([n / 10 for n in numbers(frames)], abs=0.0011)


def test_avi_is_sampled_with_the_times_of_its_pictures(tmp_path: Path) -> None:
    pictures = Pictures(steady(20), codec="mpeg4", unit=Fraction(1, 10))
    frames = sampled(write_media(tmp_path / "a.avi", pictures), max_frames=5)
    assert times(frames) == pytest.approx([n / 10 for n in numbers(frames)], abs=1e-6)


@pytest.mark.parametrize(
    ("anticlockwise", "mirrored", "turned"),
    [
        (0, False, lambda image: image),
        (90, False, lambda image: np.rot90(image, 1)),
        (180, False, lambda image: np.rot90(image, 2)),
        (-90, False, lambda image: np.rot90(image, -1)),
        (0, True, lambda image: image[:, ::-1]),
    ],
)
def test_pictures_are_upright(tmp_path: Path, anticlockwise: int, mirrored: bool, turned) -> None:
    stored = sampled(write_media(tmp_path / "stored.mp4", Pictures([0])))
    pictures = Pictures([0], rotation_degrees=anticlockwise, mirrored=mirrored)
    upright = sampled(write_media(tmp_path / "phone.mp4", pictures))
    expected = turned(pixels(read_frame(stored, stored.frames[0].name)))
    found = pixels(read_frame(upright, upright.frames[0].name))
    assert (upright.width_px, upright.height_px) == (expected.shape[1], expected.shape[0])
    assert np.abs(found.astype(int) - expected).mean() < 4


@pytest.mark.parametrize(
    ("size", "pixel_aspect", "width_px", "expected"),
    [
        ((320, 180), Fraction(1), 100, (100, 56)),
        ((160, 96), Fraction(1), 640, (160, 96)),  # never larger than it was
        ((160, 96), Fraction(4, 3), 640, (160, 72)),
        ((160, 96), Fraction(1, 2), 640, (160, 192)),
        ((160, 96), Fraction(1, 90), 640, (160, 96)),  # no camera makes such pixels
    ],
)
def test_pictures_are_scaled_with_their_shape_kept(
    tmp_path: Path,
    size: tuple[int, int],
    pixel_aspect: Fraction,
    width_px: int,
    expected: tuple[int, int],
) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures([0], size_px=size, pixel_aspect=pixel_aspect))
    frames = sampled(path, width_px=width_px)
    assert (frames.width_px, frames.height_px) == expected
    assert pixels(read_frame(frames, frames.frames[0].name)).shape[1::-1] == expected


def test_contact_sheet_is_small_enough_for_metadata(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(12)))
    frames = sampled(path, rate=10, max_frames=120)
    sheet = read_frame(frames, "contact_sheet.jpg")
    assert len(frames.frames) == 120
    assert len(sheet) < 4_000
    assert pixels(sheet).shape[1] == 400


def test_same_video_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(3)))
    assert sampled(path).payload == sampled(path).payload


def test_video_without_picture_gives_no_frames_and_the_reason(tmp_path: Path) -> None:
    frames = sampled(write_media(tmp_path / "a.mp4", sound=Sound([(0, 2)])))
    assert (frames.frames, frames.method, frames.payload) == ([], "none", b"")
    assert frames.reason == "the file has no video stream"
    assert list(iter_frames(frames)) == []


def test_truncated_video_is_sampled_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    write_media(whole, Pictures(steady(10)), options={"movflags": "faststart"})
    frames = sampled(cut_short(whole, tmp_path / "cut.mp4", 0.6))
    assert 3 <= len(frames.frames) <= 7
    assert times(frames) == pytest.approx([n / 10 for n in numbers(frames)], abs=1e-4)


def test_damage_in_the_middle_is_a_warning(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(12), keyframe_every=10))
    data = bytearray(path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    rng = random.Random(1)
    for position in range(start + (end - start) // 3, start + (end - start) // 2):
        data[position] = rng.randrange(256)
    path.write_bytes(data)
    frames = sampled(path)
    assert len(frames.frames) >= 8
    assert len(frames.warnings) == 1
    assert "a.mp4 is damaged" in frames.warnings[0]


def test_decoding_stops_at_the_limit(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(2)))
    with pytest.raises(InvalidVideo, match=r"a\.mp4 .* PITCHQUEST_MAX_DECODE_SECONDS"):
        sampled(path, limits=Limits(max_decode_seconds=0))


def test_pictures_that_grow_beyond_the_limit_are_not_decoded(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(2)))
    with pytest.raises(InvalidVideo, match=r"No picture of a\.mp4 can be decoded"):
        sampled(path, limits=Limits(max_pixels=1000))


def test_keyframe_each_second_is_enough_for_one_picture_per_second(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(9), keyframe_every=10))
    frames = sampled(path)
    assert frames.method == "keyframes"
    assert numbers(frames) == list(range(0, 90, 10))


@pytest.mark.parametrize(
    "name",
    ["pitch_11s_hevc.mov", "pitch_11s_vp9.webm", "pitch_11s_portrait_rot.mp4", "no_audio.mp4"],
)
def test_shared_media_are_sampled_at_true_times(shared_media: Path, name: str) -> None:
    frames = sampled(shared_media / name)
    with av.open(shared_media / name) as container:
        stream = container.streams.video[0]
        true_times = {
            float(p.pts * p.time_base) for p in container.demux(stream) if p.pts is not None
        }
    assert set(times(frames)) <= true_times
    assert len(frames.frames) in (11, 12)
    assert (frames.width_px, frames.height_px) == ((640, 1136) if "rot" in name else (640, 360))


def test_one_frame_is_one_sample(shared_media: Path) -> None:
    assert times(sampled(shared_media / "one_frame.mp4")) == [0.0]


def test_source_that_vanished_is_refused(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures([0]))
    source = probe(path, video_id="v", filename="pitch.mp4", captions_path=None, limits=LIMITS)
    video = LocalVideo(source, path)
    path.unlink()
    with pytest.raises(InvalidVideo, match=r"pitch\.mp4 is not there"):
        sample_frames(video, max_frames=1, max_frames_per_second=1, width_px=640, limits=LIMITS)


def test_large_pictures_are_shown_as_a_full_decode_shows_them(tmp_path: Path) -> None:
    """Edges of blocks are not smoothed on the way to a picture, which shrinking hides."""
    path = write_media(
        tmp_path / "large.mp4", Pictures(steady(6), size_px=(1920, 1088), keyframe_every=40)
    )
    frames = sampled(path)
    with av.open(str(path)) as container:
        whole = [
            frame.reformat(640, 362, "bgr24", interpolation="AREA")
            for frame in container.decode(video=0)
        ]
    for frame, jpeg in iter_frames(frames):
        shown = pixels(jpeg)
        true = whole[round(frame.time_seconds * 10)].to_ndarray()
        assert cv2.PSNR(shown, true[: shown.shape[0]]) > 30
    assert times(frames) == pytest.approx([n / 10 for n in numbers(frames)], abs=0.0011)

"""Small videos made with PyAV, so that a clone without the shared media tests everything.

Each picture carries its number as eight dark or bright stripes, so that a test can tell from a JPEG
which picture of the file it shows. The sound is silence with a tone at known times.
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from av.subtitles.subtitle import SubtitleSet
from numpy.typing import NDArray

STRIPES = 8
DARK, BRIGHT = 40, 215
TONE_HZ = 440
ASS_HEADER = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Pictures:
    """A video stream: one numbered picture for each time."""

    times_seconds: Sequence[float]
    size_px: tuple[int, int] = (160, 96)
    codec: str = "libx264"
    unit: Fraction = Fraction(1, 30_000)
    keyframe_every: int = 250
    b_frames: int = 2
    rotation_degrees: int = 0  # anticlockwise, as in the display matrix
    mirrored: bool = False
    pixel_aspect: Fraction = Fraction(1)
    cover: bool = False


@dataclass(frozen=True)
class Sound:
    """An audio stream: silent spans (start, end), with a tone in `tones`; between them nothing."""

    spans_seconds: Sequence[tuple[float, float]]
    tones_seconds: Sequence[tuple[float, float]] = ()
    codec: str = "aac"
    rate_hz: int = 48_000
    layout: str = "stereo"


def steady(seconds: float, fps: float = 10, start: float = 0) -> list[float]:
    """The times of pictures at a constant rate."""
    return [start + number / fps for number in range(round(seconds * fps))]


def write_media(
    path: Path,
    pictures: Pictures | None = None,
    sound: Sound | None = None,
    captions: Sequence[tuple[float, float, str]] = (),
    *,
    format: str | None = None,
    options: dict[str, str] | None = None,
    seekable: bool = True,
) -> Path:
    """Writes a file; `seekable=False` leaves the header without a duration, as browsers do."""
    format = format or {".mp4": "mp4", ".mov": "mov", ".webm": "webm", ".mkv": "matroska"}.get(
        path.suffix, path.suffix[1:]
    )
    with path.open("wb") as file:
        target = file if seekable else _Pipe(file)
        with av.open(target, mode="w", format=format, options=options or {}) as container:
            streams = []
            if pictures is not None:
                streams.append(_picture_packets(container, pictures))
            if sound is not None:
                streams.append(_sound_packets(container, sound))
            if captions:
                streams.append(_caption_packets(container, captions))
            packets = [packet for make in streams for packet in make()]
            for packet in sorted(packets, key=lambda p: float((p.dts or 0) * p.time_base)):
                container.mux(packet)
    return path


def picture_number(jpeg_pixels: NDArray[np.uint8]) -> int:
    """The number of the upright picture in BGR or grey pixels."""
    grey = jpeg_pixels if jpeg_pixels.ndim == 2 else jpeg_pixels.mean(axis=2)
    width = grey.shape[1] / STRIPES
    middle = slice(grey.shape[0] // 4, grey.shape[0] * 3 // 4)
    stripes = [
        grey[middle, round((n + 0.3) * width) : round((n + 0.7) * width)].mean() for n in range(8)
    ]
    return sum((stripe > (DARK + BRIGHT) / 2) << n for n, stripe in enumerate(stripes))


def without_moov(source: Path, path: Path) -> Path:
    """Return the file as an interrupted recorder leaves it: media data, but no index."""
    data = source.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    return path


def cut_short(source: Path, path: Path, share: float) -> Path:
    """The first part of a file."""
    data = source.read_bytes()
    path.write_bytes(data[: round(len(data) * share)])
    return path


def first_seconds(source: Path, path: Path, seconds: float) -> Path:
    """The packets of a video's first seconds, copied into another file."""
    with av.open(str(source)) as opened, av.open(str(path), "w") as target:
        streams = [target.add_stream_from_template(one) for one in opened.streams]
        for packet in opened.demux():
            if packet.dts is not None and packet.dts * packet.time_base < seconds:
                packet.stream = streams[packet.stream_index]
                target.mux(packet)
    return path


def with_external_reference(source: Path, path: Path, target: Path) -> Path:
    """A MOV whose first track's samples are in another file, named by an alias record."""
    data = source.read_bytes()
    name = str(target).encode()
    pad = b"\0" * (len(name) % 2)
    alias = struct.pack(">10xB27s12xB63s16xHH16x", 0, b"", 0, b"", 0, 0)
    alias += struct.pack(">HH", 2, len(name)) + name + pad + struct.pack(">hH", -1, 0)
    old = data.index(b"dref") - 4
    old_size = int.from_bytes(data[old : old + 4])
    entry = b"alis" + bytes(4) + alias
    dref = b"dref" + bytes(4) + struct.pack(">II", 1, len(entry) + 4) + entry
    dref = struct.pack(">I", len(dref) + 4) + dref
    patched = bytearray(data[:old] + dref + data[old + old_size :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = data.index(box) - 4
        size = int.from_bytes(data[at : at + 4]) + len(dref) - old_size
        patched[at : at + 4] = size.to_bytes(4)
    path.write_bytes(patched)
    return path


class _Pipe(io.RawIOBase):
    """A file without seeking."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._file.write(data)


def _picture_packets(container, pictures):
    stream = container.add_stream(pictures.codec, rate=10)
    stream.width, stream.height = pictures.size_px
    stream.pix_fmt = "yuvj420p" if pictures.codec == "mjpeg" else "yuv420p"
    stream.time_base = stream.codec_context.time_base = pictures.unit
    stream.gop_size = pictures.keyframe_every
    stream.codec_context.sample_aspect_ratio = pictures.pixel_aspect
    if pictures.codec == "libx264":
        stream.max_b_frames = pictures.b_frames
        stream.options = {"preset": "ultrafast", "sc_threshold": "0", "b-pyramid": "normal"}
    if pictures.rotation_degrees or pictures.mirrored:
        stream.set_display_rotation(pictures.rotation_degrees, hflip=pictures.mirrored)
    if pictures.cover:
        stream.disposition = Disposition.attached_pic

    def make():
        for number, seconds in enumerate(pictures.times_seconds):
            frame = av.VideoFrame.from_ndarray(_stripes(number, pictures.size_px), format="gray")
            frame = frame.reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = round(seconds / pictures.unit), pictures.unit
            yield from stream.encode(frame)
        yield from stream.encode(None)

    return make


def _stripes(number, size_px):
    width, height = size_px
    bits = [BRIGHT if number >> n & 1 else DARK for n in range(STRIPES)]
    columns = np.array(bits, np.uint8)[np.arange(width) * STRIPES // width]
    return np.ascontiguousarray(np.broadcast_to(columns, (height, width)))


def _sound_packets(container, sound):
    stream = container.add_stream(sound.codec, rate=sound.rate_hz, layout=sound.layout)
    size = 1024 if sound.codec == "aac" else 960

    def make():
        for start, end in sound.spans_seconds:
            for first in range(round(start * sound.rate_hz), round(end * sound.rate_hz), size):
                times = (first + np.arange(size)) / sound.rate_hz
                wave = 0.5 * np.sin(2 * np.pi * TONE_HZ * times)
                heard = np.zeros(size, bool)
                for tone_start, tone_end in sound.tones_seconds:
                    heard |= (times >= tone_start) & (times < tone_end)
                mono = np.where(heard, wave, 0)
                channels = len(stream.layout.channels)
                yield from _encode_sound(stream, np.stack([mono] * channels), first, sound)
        yield from stream.encode(None)

    return make


def _encode_sound(stream, samples, first, sound):
    format = stream.codec_context.format.name
    if format.startswith("s16"):
        samples = (samples * 32767).astype(np.int16)
    else:
        samples = samples.astype(np.float32)
    if not format.endswith("p"):
        samples = samples.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format, sound.layout)
    frame.sample_rate = sound.rate_hz
    frame.pts, frame.time_base = first, Fraction(1, sound.rate_hz)
    return stream.encode(frame)


def _caption_packets(container, captions):
    stream = container.add_stream("mov_text" if "mp4" in container.format.name else "subrip")
    stream.time_base = Fraction(1, 1000)
    stream.codec_context.subtitle_header = ASS_HEADER.encode()

    def make():
        for start, end, text in captions:
            line = f"0,0,Default,,0,0,0,,{text}".replace("\n", r"\N").encode()
            milliseconds = round(start * 1000), round((end - start) * 1000)
            cue = SubtitleSet.create(line, 0, milliseconds[1], milliseconds[0] * 1000)
            packet = stream.codec_context.encode_subtitle(cue)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = milliseconds[0]
            packet.duration = milliseconds[1]
            yield packet

    return make

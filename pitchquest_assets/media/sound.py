"""The sound of a video as 16 kHz mono FLAC, on the clock of `media.streams`.

Sample n is heard at n / 16000 seconds. Silence fills the gaps where a stream starts late or pauses;
sound before the clock's zero, or that overlaps earlier sound, is dropped.
"""

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import cast

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, is_plausible, open_media
from pitchquest_assets.media.streams import (
    Decoder,
    audio_stream,
    clock_zero,
    demux_only,
    presentation,
    readable_packets,
    time_base,
)
from pitchquest_assets.model import Audio

SAMPLE_RATE_HZ = 16_000
# Insert silence or drop sound only if a timestamp is further off the sample count than this.
MAX_DRIFT_SECONDS = 0.05
# A frame that ends so much later than the longest stream is damaged; codecs fill up the last one.
MAX_EXCESS_SECONDS = 5.0
# Samples per resampled frame.
RESAMPLED_FRAME = 4096

Samples = NDArray[np.int16]


def extract_audio(video: LocalVideo, *, limits: Limits) -> Audio:
    """Extract the sound as 16 kHz mono FLAC.

    Returns:
        The sound; an empty payload and the reason if there is a picture but no sound.

    Raises:
        InvalidVideo: nothing at all can be decoded, or decoding takes longer than the limit.
    """
    source = video.source
    with open_media(video.path, filename=source.filename, limits=limits) as container:
        stream = audio_stream(container) if source.has_audio else None
        if stream is None:
            return _no_audio("the file has no audio stream")
        demux_only(container, stream)
        decoder = Decoder(stream, source.filename, limits)
        writer = _FlacWriter()
        clock = _Clock(writer, clock_zero(container), time_base(stream))
        end_seconds = min(source.duration_seconds, limits.max_duration_seconds) + MAX_EXCESS_SECONDS
        for packet in readable_packets(container, stream):
            for frame in decoder.decode(packet):
                if not is_plausible(frame.sample_rate, frame.layout.nb_channels):
                    decoder.damaged += 1
                elif clock.end_seconds(frame) <= end_seconds:  # else: damaged timestamp
                    clock.add(frame)
        clock.end_segment()
    warnings = []
    if decoder.damaged:
        what = f"some of the sound ({decoder.damaged} pieces) could not be decoded"
        warnings.append(f"{source.filename} is damaged: {what}.")
    if clock.heard:
        return Audio(
            duration_seconds=writer.samples / SAMPLE_RATE_HZ,
            warnings=warnings,
            payload=writer.close(),
        )
    if not source.has_video:
        raise InvalidVideo(f"No sound of {source.filename} can be decoded: export it again.")
    return _no_audio("no sound can be decoded", warnings)


def read_samples(
    audio: Audio, start_seconds: float = 0, end_seconds: float | None = None
) -> Samples:
    """Read int16 samples, shape (n,), from `start_seconds` up to `end_seconds` or the end."""
    start = max(0, round(start_seconds * SAMPLE_RATE_HZ))
    total = round(audio.duration_seconds * SAMPLE_RATE_HZ)
    end = total if end_seconds is None else min(total, round(end_seconds * SAMPLE_RATE_HZ))
    samples = np.zeros(max(0, end - start), np.int16)
    filled = 0
    for part in _decode_flac(audio, start, end):
        samples[filled : filled + part.size] = part
        filled += part.size
    return samples[:filled]


def read_floats(
    audio: Audio, start_seconds: float = 0, end_seconds: float | None = None
) -> NDArray[np.float32]:
    """Read the same samples as float32 in [-1, 1)."""
    return _as_floats(read_samples(audio, start_seconds, end_seconds))


def flac_of(audio: Audio, start_seconds: float, end_seconds: float) -> bytes:
    """Return a part of the sound as a FLAC file of its own."""
    writer = _FlacWriter()
    samples = read_samples(audio, start_seconds, end_seconds)
    for first in range(0, len(samples), RESAMPLED_FRAME):
        writer.write(samples[first : first + RESAMPLED_FRAME])
    return writer.close()


def iter_blocks(audio: Audio, seconds: float = 60.0) -> Iterator[NDArray[np.float32]]:
    """Yield all samples as float32 in [-1, 1), in blocks of `seconds` (the last may be shorter)."""
    size = max(1, round(seconds * SAMPLE_RATE_HZ))
    total = round(audio.duration_seconds * SAMPLE_RATE_HZ)
    block = np.empty(min(size, total), np.float32)
    filled = 0
    for samples in _decode_flac(audio, 0, total):
        while samples.size:
            part = samples[: size - filled]
            block[filled : filled + part.size] = _as_floats(part)
            filled += part.size
            samples = samples[part.size :]
            if filled == size:
                yield block
                block, filled = np.empty(size, np.float32), 0
    if filled:
        yield block[:filled]


class _FlacWriter:
    """Encodes int16 samples into one FLAC file in memory."""

    def __init__(self) -> None:
        self.samples = 0
        self._file = io.BytesIO()
        self._container = av.open(self._file, mode="w", format="flac")
        self._stream = self._container.add_stream("flac", rate=SAMPLE_RATE_HZ, layout="mono")

    def write(self, samples: Samples) -> None:
        if samples.size:
            frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE_HZ
            frame.pts, frame.time_base = self.samples, Fraction(1, SAMPLE_RATE_HZ)
            self._container.mux(self._stream.encode(frame))
            self.samples += samples.size

    def close(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()


class _Clock:
    """Resamples decoded sound and writes each sample at its time."""

    def __init__(self, writer: _FlacWriter, zero: Fraction, unit: Fraction) -> None:
        self.heard = False
        self._writer = writer
        self._zero = float(zero)
        self._unit = float(unit)
        self._resampler: AudioResampler | None = None
        self._setup: tuple[int, str, str] | None = None
        self._next_seconds = 0.0
        self._leave_out = 0

    def seconds(self, frame: AudioFrame) -> float:
        """When the frame begins, in seconds; without a timestamp, right after the previous one."""
        pts = presentation(frame)
        return self._next_seconds if pts is None else pts * self._unit - self._zero

    def end_seconds(self, frame: AudioFrame) -> float:
        """When the frame ends, in seconds."""
        return self.seconds(frame) + frame.samples / frame.sample_rate

    def add(self, frame: AudioFrame) -> None:
        """Resample and write the next frame."""
        seconds = self.seconds(frame)
        setup = (frame.sample_rate, frame.format.name, frame.layout.name)
        drift_seconds = abs(seconds - self._next_seconds)
        if self._resampler is None or setup != self._setup or drift_seconds > MAX_DRIFT_SECONDS:
            self.end_segment()
            self._resampler = self._begin_segment(seconds)
            self._setup = setup
        frame.pts = None  # this class keeps the times, the resampler only counts
        self._write(self._resampler.resample(frame))
        self._next_seconds += frame.samples / frame.sample_rate

    def end_segment(self) -> None:
        """Write what the resampler still holds."""
        if self._resampler is not None:
            self._write(self._resampler.resample(None))
            self._resampler = None

    def _begin_segment(self, seconds: float) -> AudioResampler:
        """Write silence up to the first sample, or note how many samples to drop before it."""
        gap = round(seconds * SAMPLE_RATE_HZ) - self._writer.samples
        for start in range(0, gap, SAMPLE_RATE_HZ):
            self._writer.write(np.zeros(min(SAMPLE_RATE_HZ, gap - start), np.int16))
        self._leave_out = max(0, -gap)
        self._next_seconds = seconds
        return AudioResampler("s16", "mono", SAMPLE_RATE_HZ, frame_size=RESAMPLED_FRAME)

    def _write(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            samples = cast(Samples, frame.to_ndarray()).reshape(-1)
            self._writer.write(samples[self._leave_out :])
            self._leave_out = max(0, self._leave_out - samples.size)
            self.heard = True


def _decode_flac(audio: Audio, start: int, end: int) -> Iterator[Samples]:
    """The samples `start` ≤ n < `end`, in pieces."""
    if start >= end or not audio.payload:
        return
    with av.open(io.BytesIO(audio.payload), mode="r", format="flac") as container:
        stream = container.streams.audio[0]
        if start:
            container.seek(start, stream=stream)
        for frame in container.decode(stream):
            first = frame.pts or 0
            if first >= end:
                return
            samples = cast(Samples, frame.to_ndarray()).reshape(-1)
            yield samples[max(0, start - first) : end - first]


def _as_floats(samples: Samples) -> NDArray[np.float32]:
    floats: NDArray[np.float32] = samples.astype(np.float32) / np.float32(32768)
    return floats


def _no_audio(reason: str, warnings: Sequence[str] = ()) -> Audio:
    return Audio(duration_seconds=0, reason=reason, warnings=list(warnings), payload=b"")

"""Reads and writes the sound of a video: 16 kHz mono FLAC.

Sample n is heard at n / 16000 seconds on the clock of `media.streams`.
"""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from pitchquest_assets.model import Audio

SAMPLE_RATE_HZ = 16_000
# Samples per resampled frame.
RESAMPLED_FRAME = 4096
# The longest that FLAC allows at this rate: reading costs time per frame, not per sample.
FLAC_FRAME = 4608

Samples = NDArray[np.int16]


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
    writer = FlacWriter()
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


class FlacWriter:
    """Encodes int16 samples into one FLAC file in memory."""

    def __init__(self) -> None:
        self.samples = 0
        self._file = io.BytesIO()
        self._container = av.open(self._file, mode="w", format="flac")
        options = {"frame_size": str(FLAC_FRAME)}
        self._stream = self._container.add_stream(
            "flac", rate=SAMPLE_RATE_HZ, options=options, layout="mono"
        )

    def write(self, samples: Samples) -> None:
        """Add samples, shape (n,)."""
        if samples.size:
            frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE_HZ
            frame.pts, frame.time_base = self.samples, Fraction(1, SAMPLE_RATE_HZ)
            self._container.mux(self._stream.encode(frame))
            self.samples += samples.size

    def close(self) -> bytes:
        """End the file and return it."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()


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
            # `to_ndarray` takes longer than the decoding.
            samples: Samples = np.frombuffer(memoryview(frame.planes[0]), np.int16, frame.samples)
            yield samples[max(0, start - first) : end - first]


def _as_floats(samples: Samples) -> NDArray[np.float32]:
    floats: NDArray[np.float32] = samples.astype(np.float32) / np.float32(32768)
    return floats

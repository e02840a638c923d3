"""Decodes one sound track of a video to 16 kHz mono, on the clock of `media.streams`.

Silence fills the gaps where a stream starts late or pauses; sound before the clock's zero, or that
overlaps earlier sound, is dropped.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from pitchquest_assets.media.channels import Channels
from pitchquest_assets.media.clock import Clock
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, is_plausible, open_media
from pitchquest_assets.media.sound import RESAMPLED_FRAME, SAMPLE_RATE_HZ, FlacWriter, Samples
from pitchquest_assets.media.streams import (
    Decoder,
    clock_of,
    clock_zero,
    demux_only,
    presentation,
    readable_packets,
    time_base,
)
from pitchquest_assets.model import Audio

# Insert silence or drop sound only if a timestamp is further off the sample count than this.
MAX_DRIFT_SECONDS = 0.05
# A frame that ends so much later than the longest stream is damaged; codecs fill up the last one.
MAX_EXCESS_SECONDS = 5.0


@dataclass(frozen=True)
class TrackSound:
    """The sound of one track, None if none of it can be decoded, and what its channels are like."""

    audio: Audio | None
    channels: Channels
    damaged: int


def decode_track(
    video: LocalVideo, index: int, *, limits: Limits, channel: int | None = None
) -> TrackSound:
    """Decode the stream of that index in the file, all channels mixed or one of two.

    Raises:
        InvalidVideo: decoding takes longer than the limit.
    """
    source = video.source
    with open_media(video.path, filename=source.filename, limits=limits) as container:
        (stream,) = (one for one in container.streams.audio if one.index == index)
        demux_only(container, stream)
        decoder = Decoder(stream, source.filename, limits)
        writer, channels = FlacWriter(), Channels()
        clock = clock_of(container, stream, source.clock)
        placed = _Placed(writer, clock, clock_zero(container), time_base(stream), channel)
        end_seconds = min(source.duration_seconds, limits.max_duration_seconds) + MAX_EXCESS_SECONDS
        for packet in readable_packets(container, stream):
            for frame in decoder.decode(packet):
                if not is_plausible(frame.sample_rate, frame.layout.nb_channels):
                    decoder.damaged += 1
                    continue
                seconds = placed.seconds(frame)
                length_seconds = frame.samples / frame.sample_rate
                # Else its timestamp is damaged.
                if seconds is not None and seconds + length_seconds <= end_seconds:
                    channels.add(frame)
                    placed.add(frame, seconds)
        placed.end_segment()
    audio = None
    if placed.heard:
        seconds = writer.samples / SAMPLE_RATE_HZ
        audio = Audio(duration_seconds=seconds, payload=writer.close())
    return TrackSound(audio, channels, decoder.damaged)


class _Placed:
    """Resamples decoded sound and writes each sample at its time."""

    def __init__(
        self,
        writer: FlacWriter,
        clock: Clock,
        zero: Fraction,
        unit: Fraction,
        channel: int | None,
    ) -> None:
        self.heard = False
        self._writer = writer
        self._clock = clock
        self._zero = float(zero)
        self._unit = float(unit)
        self._channel = channel
        self._resampler: AudioResampler | None = None
        self._setup: tuple[int, str, str] | None = None
        self._next_seconds = 0.0
        self._leave_out = 0

    def seconds(self, frame: AudioFrame) -> float | None:
        """When the frame begins, in seconds; without a timestamp, right after the previous one.

        None if its timestamp belongs nowhere.
        """
        pts = presentation(frame)
        if pts is None:
            return self._next_seconds
        mended = self._clock.mend(pts)
        return None if mended is None else mended * self._unit - self._zero

    def add(self, frame: AudioFrame, seconds: float) -> None:
        """Resample and write the next frame, which begins at that time."""
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
        layout = "mono" if self._channel is None else "stereo"
        return AudioResampler("s16p", layout, SAMPLE_RATE_HZ, frame_size=RESAMPLED_FRAME)

    def _write(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            samples = cast(Samples, frame.to_ndarray())[self._channel or 0]
            self._writer.write(samples[self._leave_out :])
            self._leave_out = max(0, self._leave_out - samples.size)
            self.heard = True

"""The streams of an open container: which ones to use, their clock, and how to decode them.

The clock: every time in PitchQuest is in seconds on one clock that pictures, sound and captions
share. Its zero is the container's start, the earliest timestamp of any stream, so a stream that
starts late keeps its offset from the others. A start slightly before zero is the audio codec's
warm-up, which no player presents; the file's own zero is used then. Where the file's clock jumps,
`media.clock` mends it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pitchquest_assets.media.clock import Clock
from pitchquest_assets.media.untrusted import Limits, beyond
from pitchquest_assets.model import ClockPiece

# Audio codecs start up to this much before zero, with sound that players discard.
CODEC_WARM_UP_SECONDS = 0.25

_AnyStream = TypeVar("_AnyStream", bound=Stream)


class Decoder:
    """Decodes one stream within a CPU budget; counts damaged frames instead of failing.

    Uses one thread: a second one costs more CPU time than it saves.
    """

    def __init__(self, stream: VideoStream | AudioStream, filename: str, limits: Limits) -> None:
        self.damaged = 0
        self._stream = stream
        self._filename = filename
        self._limits = limits
        self._started = time.process_time()
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}

    def decode(self, packet: "Packet[Any] | None") -> list[Any]:
        """Return the undamaged frames that a packet completes; None drains the decoder.

        Raises:
            InvalidVideo: this process, decoder threads included, has used more than
                `max_decode_seconds` of CPU time since the decoder was made.
        """
        spent_seconds = time.process_time() - self._started
        if spent_seconds > self._limits.max_decode_seconds:
            limit = f"{self._limits.max_decode_seconds:g} CPU seconds"
            raise beyond(self._filename, "takes longer to decode", limit, "MAX_DECODE_SECONDS")
        try:
            frames: list[Any] = [*self._stream.decode(packet)]
        except MemoryError:  # FFmpeg's own is both
            raise
        except av.error.FFmpegError:
            self.damaged += 1
            return []
        whole = [frame for frame in frames if not frame.is_corrupt]
        self.damaged += len(frames) - len(whole)
        return whole


def video_stream(container: InputContainer) -> VideoStream | None:
    """Return the video stream, preferably the default one; cover pictures do not count."""
    return next(iter(video_streams(container)), None)


def video_streams(container: InputContainer) -> list[VideoStream]:
    """Return all video streams that have a decoder; the one of `video_stream` is the first."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    return _by_default(s for s in container.streams.video if not s.disposition & still)


def audio_stream(container: InputContainer) -> AudioStream | None:
    """Return the audio stream, preferably the default one."""
    return first_decodable(container.streams.audio)


def audio_streams(container: InputContainer) -> list[AudioStream]:
    """Return all audio streams that have a decoder; the one of `audio_stream` is the first."""
    return _by_default(container.streams.audio)


def first_decodable(streams: Iterable[_AnyStream]) -> _AnyStream | None:
    """Return the first stream that has a decoder; streams marked as default come first."""
    return next(iter(_by_default(streams)), None)


def _by_default(streams: Iterable[_AnyStream]) -> list[_AnyStream]:
    decodable = [stream for stream in streams if stream.codec_context is not None]
    return sorted(decodable, key=lambda stream: not stream.disposition & Disposition.default)


def readable_packets(container: InputContainer, *streams: Stream | None) -> "Iterator[Packet[Any]]":
    """Yield packets as far as the file can be read; an empty one at the end drains each stream."""
    try:
        yield from container.demux(*(stream for stream in streams if stream is not None))
    except av.error.FFmpegError:  # also "out of memory", for a packet that claims gigabytes
        return


def demux_only(container: InputContainer, stream: Stream) -> None:
    """Make the container skip the other streams without reading them, if the format allows it."""
    for other in container.streams:
        other.discard = Discard.default if other.index == stream.index else Discard.all


def clock_zero(container: InputContainer) -> Fraction:
    """Return the clock's zero (see above), in seconds of the container's own timestamps."""
    start = Fraction(container.start_time or 0, av.time_base)
    return Fraction(0) if -CODEC_WARM_UP_SECONDS <= start <= 0 else start


def clock_of(container: InputContainer, stream: Stream, pieces: Sequence[ClockPiece]) -> Clock:
    """Return what mends the timestamps of a stream from here on; `pieces` are those of probe."""
    return Clock(pieces, time_base(stream), clock_zero(container))


def time_base(stream: Stream) -> Fraction:
    """Return the seconds per unit of the stream's timestamps."""
    return stream.time_base or Fraction(1, av.time_base)


def presentation(item: "Packet[Any] | VideoFrame | AudioFrame") -> int | None:
    """Return the presentation time in the stream's time base; AVI has only decoding times."""
    return item.dts if item.pts is None else item.pts

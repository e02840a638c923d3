"""What a media file contains: streams, sizes, times, and embedded captions.

`media.untrusted` opens the file; `media.streams` defines the clock of all times.
"""

import hashlib
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pitchquest_assets.errors import InvalidCaptions, InvalidVideo
from pitchquest_assets.media.captions.substation import plain_text
from pitchquest_assets.media.streams import (
    Decoder,
    audio_stream,
    clock_zero,
    first_decodable,
    presentation,
    readable_packets,
    time_base,
    video_stream,
)
from pitchquest_assets.media.untrusted import Limits, beyond, open_file, open_media
from pitchquest_assets.model import SourceVideo

__all__ = ["Limits", "embedded_captions", "open_media", "probe"]

# A file was cut short if its streams end this much earlier than its header says.
CUT_SHORT_SECONDS = 0.5
# Give up on the picture if none can be decoded from this many packets.
FIRST_PICTURE_PACKETS = 300
# What microphones and cameras make lies well within; of a file beyond that, a few bytes may become
# hours of sound or gigabytes.
SAMPLE_RATES_HZ = range(4_000, 384_001)
MAX_CHANNELS = 32
MAX_SIDE_PX = 16_384
# Assumed for a single picture whose duration is unknown.
SHORTEST_SECONDS = 1 / 30
BYTES_PER_MB = 1_000_000

# The subtitles of one file; more than any pitch needs.
MAX_SUBTITLE_BYTES = 1_000_000
MAX_SUBTITLE_PACKET_BYTES = 100_000


def probe(
    path: Path,
    *,
    video_id: str,
    filename: str,
    captions_path: str | None,
    limits: Limits,
    kept_at: str | None = None,
    sha256: str | None = None,
) -> SourceVideo:
    """Describe what the file contains; reads all of it and decodes one picture.

    The duration is that of the longest stream, measured from the packets, because headers may have
    none (browser recordings) or a wrong one (a file that was cut short, which gets a warning).

    Args:
        kept_at: where the video is kept, in Storage for example, if `path` is only a copy.
        sha256: the file's checksum, if it is known already; else the file is read once more.

    Raises:
        InvalidVideo: the file is unreadable, beyond a limit, or has neither picture nor sound.
    """
    with open_file(path, filename) as handle:
        size_bytes = os.fstat(handle.fileno()).st_size
        if size_bytes > limits.max_size_mb * BYTES_PER_MB:
            raise beyond(filename, "is larger", f"{limits.max_size_mb:g} MB", "MAX_SIZE_MB")
        with open_media(path, filename=filename, limits=limits) as container:
            facts = _describe(container, filename, limits)
        sha256 = sha256 or hashlib.file_digest(handle, "sha256").hexdigest()
    return SourceVideo(
        video_id=video_id,
        filename=filename,
        path=kept_at or str(path),
        captions_path=captions_path,
        sha256=sha256,
        size_bytes=size_bytes,
        **facts,
    )


def embedded_captions(path: Path) -> list[tuple[float, float, str]]:
    """Read the text subtitles inside the file: (start seconds, end seconds, plain text) each.

    Raises:
        InvalidCaptions: they are larger than any pitch needs.
    """
    cues = []
    size_bytes = 0
    with open_media(path) as container:
        zero = clock_zero(container)
        stream = first_decodable(container.streams.subtitles)
        if stream is None:
            return []
        for packet in readable_packets(container, stream):
            size_bytes += packet.size
            if packet.size > MAX_SUBTITLE_PACKET_BYTES or size_bytes > MAX_SUBTITLE_BYTES:
                raise InvalidCaptions(
                    f"The subtitles inside {path.name} are larger than those of any pitch: remove "
                    "that track, or give captions in a file."
                )
            if packet.pts is None or not packet.duration:
                continue
            start = packet.pts * packet.time_base - zero
            end = start + packet.duration * packet.time_base
            text = _subtitle_text(packet)
            if text and end > 0:
                cues.append((float(max(start, Fraction(0))), float(end), text))
    return cues


def _subtitle_text(packet: "Packet[SubtitleStream]") -> str:
    try:
        rects = packet.decode()
    except av.error.FFmpegError:
        return ""
    # A decoded event has eight fields and its text.
    events = [r.ass.split(b",", 8)[-1] for r in rects if isinstance(r, AssSubtitle)]
    return "\n".join(plain_text(event.decode(errors="replace")) for event in events).strip()


class _Extent:
    """When a stream's packets are presented, in its time base, and their number."""

    def __init__(self, stream: Stream) -> None:
        self.unit = time_base(stream)
        self._rate = stream.average_rate if stream.type == "video" else None
        self._usual_duration = round(1 / (self._rate * self.unit)) if self._rate else 0
        self.packets = self.first = self.last = self.end = 0

    def add(self, packet: "Packet[Any]") -> None:
        pts = presentation(packet)
        if pts is None or packet.is_discard or packet.is_corrupt:
            return
        self.packets += 1
        end = pts + (packet.duration or self._usual_duration)
        if self.packets == 1:
            self.first, self.last, self.end = pts, pts, end
        else:
            self.first = min(self.first, pts)
            self.last = max(self.last, pts)
            self.end = max(self.end, end)

    @property
    def rate(self) -> float | None:
        """Packets per second."""
        if self.last > self.first:
            return round(float((self.packets - 1) / ((self.last - self.first) * self.unit)), 3)
        return float(self._rate) if self._rate else None


@dataclass
class _Contents:
    """What all packets showed: one extent per type of stream, and the first picture."""

    extents: dict[str, _Extent]
    picture: VideoFrame | None


def _describe(container: InputContainer, filename: str, limits: Limits) -> dict[str, Any]:
    """The fields of SourceVideo that can be read from the header and the packets."""
    video, audio = video_stream(container), audio_stream(container)
    if video is None and audio is None:
        raise InvalidVideo(
            f"{filename} has neither a video nor an audio stream that can be decoded: "
            "export it again as MP4."
        )
    if video is not None and video.width * video.height > limits.max_pixels:
        what = f"has pictures of {video.width} × {video.height} px, more"
        raise beyond(filename, what, f"{limits.max_pixels} px", "MAX_PIXELS")
    _check_plausible(video, audio, filename)
    contents = _read_packets(container, filename, limits)
    warnings = []
    if contents.picture is None and "video" in contents.extents:
        del contents.extents["video"]
        warnings.append(f"No picture of {filename} can be decoded: only the sound is analysed.")
    if not contents.extents:
        raise InvalidVideo(f"Nothing in {filename} can be decoded: export or upload it again.")
    zero = clock_zero(container)
    ends = [float(extent.end * extent.unit - zero) for extent in contents.extents.values()]
    seconds = max(SHORTEST_SECONDS, *ends)
    facts: dict[str, Any] = {
        "container": container.format.name.partition(",")[0],
        "duration_seconds": seconds,
        "has_video": contents.picture is not None,
        "has_audio": "audio" in contents.extents,
        "warnings": warnings + _cut_short(container, filename, seconds),
    }
    if audio is not None and "audio" in contents.extents:
        facts["audio_codec"] = audio.codec.canonical_name
    if video is not None and contents.picture is not None:
        facts |= _describe_pictures(video, contents.picture, contents.extents["video"])
    return facts


def _check_plausible(video: VideoStream | None, audio: AudioStream | None, filename: str) -> None:
    """Refuse a file that claims what no device records."""
    claim = None
    if video is not None and max(video.width, video.height) > MAX_SIDE_PX:
        claim = f"pictures of {video.width} × {video.height} px"
    elif audio is not None and not is_plausible(audio.sample_rate, audio.channels):
        claim = f"sound at {audio.sample_rate} Hz (channels: {audio.channels})"
    if claim:
        raise InvalidVideo(f"{filename} claims {claim}, which nothing records: export it again.")


def is_plausible(sample_rate_hz: int, channels: int) -> bool:
    """Return whether sound may have this rate and this many channels."""
    return sample_rate_hz in SAMPLE_RATES_HZ and 1 <= channels <= MAX_CHANNELS


def _describe_pictures(video: VideoStream, first: VideoFrame, extent: _Extent) -> dict[str, Any]:
    turn = round(-first.rotation / 90) * 90 % 360  # PyAV counts anticlockwise
    on_its_side = turn % 180 != 0
    return {
        "video_codec": video.codec.canonical_name,
        "rotation_degrees": turn,
        "width_px": first.height if on_its_side else first.width,
        "height_px": first.width if on_its_side else first.height,
        "fps": extent.rate,
    }


def _read_packets(container: InputContainer, filename: str, limits: Limits) -> _Contents:
    """Read all packets of the main streams, and decode until there is one picture."""
    video, audio = video_stream(container), audio_stream(container)
    latest_seconds = Fraction(limits.max_duration_seconds) + clock_zero(container)
    decoder = Decoder(video, filename, limits) if video is not None else None
    extents = {stream.type: _Extent(stream) for stream in (video, audio) if stream is not None}
    latest = {kind: latest_seconds // extent.unit for kind, extent in extents.items()}
    picture = None
    for packet in readable_packets(container, video, audio):
        kind = packet.stream.type
        extent = extents[kind]
        waiting = kind == "video" and picture is None and extent.packets < FIRST_PICTURE_PACKETS
        if waiting and decoder is not None:
            picture = next(iter(decoder.decode(packet)), None)
        extent.add(packet)
        if extent.end > latest[kind]:
            limit = f"{limits.max_duration_seconds:g} s"
            raise beyond(filename, "is longer", limit, "MAX_DURATION_SECONDS")
    return _Contents({kind: e for kind, e in extents.items() if e.packets}, picture)


def _cut_short(container: InputContainer, filename: str, seconds: float) -> list[str]:
    """A warning if the header claims a longer duration than the streams have."""
    claimed = (container.duration or 0) / av.time_base
    if claimed - seconds < CUT_SHORT_SECONDS:
        return []
    return [
        f"{filename} claims {claimed:.1f} s but only {seconds:.1f} s could be decoded: "
        "it was probably cut short, so upload it again if more is wanted."
    ]

"""What a media file contains: streams, sizes, times, and embedded captions.

`media.untrusted` opens the file; `media.streams` defines the clock of all times.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pitchquest_assets.errors import InvalidCaptions, InvalidVideo
from pitchquest_assets.media.captions.substation import plain_text
from pitchquest_assets.media.clock_jumps import (
    PacketTimes,
    Piece,
    TooManyJumps,
    end_seconds,
    find_pieces,
    frame_rate,
    mended_clock,
    name_jumps,
)
from pitchquest_assets.media.cut_short import cut_short
from pitchquest_assets.media.streams import (
    Decoder,
    audio_stream,
    clock_of,
    clock_zero,
    first_decodable,
    readable_packets,
    video_stream,
)
from pitchquest_assets.media.untrusted import Limits, beyond, open_file, open_media
from pitchquest_assets.model import ClockPiece, SourceVideo

__all__ = ["Limits", "embedded_captions", "open_media", "probe"]

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


def embedded_captions(
    path: Path, clock: Sequence[ClockPiece] = ()
) -> list[tuple[float, float, str]]:
    """Read the text subtitles inside the file: (start seconds, end seconds, plain text) each.

    Args:
        clock: the pieces of the file's clock, see `SourceVideo.clock`.

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
        mended = clock_of(container, stream, clock)
        for packet in readable_packets(container, stream):
            size_bytes += packet.size
            if packet.size > MAX_SUBTITLE_PACKET_BYTES or size_bytes > MAX_SUBTITLE_BYTES:
                raise InvalidCaptions(
                    f"The subtitles inside {path.name} are larger than those of any pitch: remove "
                    "that track, or give captions in a file."
                )
            pts = None if packet.pts is None else mended.mend(packet.pts)
            if pts is None or not packet.duration:
                continue
            start = pts * packet.time_base - zero
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


@dataclass
class _Contents:
    """What all packets showed: the times of each stream, by its type, and the first picture."""

    times: dict[str, PacketTimes]
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
    try:
        contents = _read_packets(container, filename, limits)
    except TooManyJumps as error:
        raise _too_many_jumps(filename) from error
    warnings = []
    if contents.picture is None and "video" in contents.times:
        del contents.times["video"]
        warnings.append(f"No picture of {filename} can be decoded: only the sound is analysed.")
    if not contents.times:
        raise InvalidVideo(f"Nothing in {filename} can be decoded: export or upload it again.")
    pieces = _pieces(contents, filename)
    clock = mended_clock(pieces)
    seconds = max(SHORTEST_SECONDS, end_seconds(pieces, clock))
    if seconds > limits.max_duration_seconds:
        limit = f"{limits.max_duration_seconds:g} s"
        raise beyond(filename, "is longer", limit, "MAX_DURATION_SECONDS")
    warnings += name_jumps(clock, filename)
    used = [stream for stream in (video, audio) if stream and stream.type in contents.times]
    last = max(seconds, end_seconds(pieces, []))
    warnings += cut_short(container, used, filename, seconds=seconds, last_seconds=last)
    facts: dict[str, Any] = {
        "container": container.format.name.partition(",")[0],
        "duration_seconds": seconds,
        "has_video": contents.picture is not None,
        "has_audio": "audio" in contents.times,
        "clock": clock,
        "warnings": warnings,
    }
    if audio is not None and "audio" in contents.times:
        facts["audio_codec"] = audio.codec.canonical_name
    if video is not None and contents.picture is not None:
        facts |= _describe_pictures(video, contents.picture)
        facts["fps"] = frame_rate(pieces, contents.times["video"].rate)
    return facts


def _pieces(contents: _Contents, filename: str) -> list[Piece]:
    try:
        return find_pieces(list(contents.times.values()))
    except TooManyJumps as error:
        raise _too_many_jumps(filename) from error


def _too_many_jumps(filename: str) -> InvalidVideo:
    return InvalidVideo(
        f"The clock of {filename} jumps more often than that of any recording: export it again."
    )


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


def _describe_pictures(video: VideoStream, first: VideoFrame) -> dict[str, Any]:
    turn = round(-first.rotation / 90) * 90 % 360  # PyAV counts anticlockwise
    on_its_side = turn % 180 != 0
    return {
        "video_codec": video.codec.canonical_name,
        "rotation_degrees": turn,
        "width_px": first.height if on_its_side else first.width,
        "height_px": first.width if on_its_side else first.height,
    }


def _read_packets(container: InputContainer, filename: str, limits: Limits) -> _Contents:
    """Read all packets of the main streams, and decode until there is one picture."""
    video, audio = video_stream(container), audio_stream(container)
    decoder = Decoder(video, filename, limits) if video is not None else None
    zero = clock_zero(container)
    times = {one.type: PacketTimes(one, zero) for one in (video, audio) if one is not None}
    picture = None
    for packet in readable_packets(container, video, audio):
        kind = packet.stream.type
        waiting = kind == "video" and picture is None
        if waiting and decoder is not None and times[kind].packets < FIRST_PICTURE_PACKETS:
            picture = next(iter(decoder.decode(packet)), None)
        times[kind].add(packet)
    return _Contents({kind: one for kind, one in times.items() if one.packets}, picture)

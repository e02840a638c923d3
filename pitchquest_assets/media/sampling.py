"""Samples evenly spaced pictures of a video at the lowest CPU cost.

The video is divided into equal cells. Each cell gets one picture, ideally from its middle, but
cheapness wins if the picture is close enough:

1. If the cell has keyframes, take the one nearest to the middle, and decode nothing else.
2. If not, decode from the last keyframe before the cell, skip pictures that no other depends on,
   and stop at the first picture within the tolerance around the middle.

Long videos, and those with a keyframe every second or two, are therefore sampled by keyframes only.
The times are the pictures' own presentation times on the clock of `media.streams`, so they are
exact for variable frame rates too. If a cell shows nothing new, it gets the picture that is still
on screen, unless that one was taken before.
"""

import io
import math
import zipfile
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any, TypeVar

import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media.jpegs import Album
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, open_media
from pitchquest_assets.media.streams import (
    Decoder,
    clock_zero,
    demux_only,
    presentation,
    readable_packets,
    time_base,
    video_stream,
)
from pitchquest_assets.model import Frame, Frames

# Close enough: at most this share of the spacing before the middle of the cell.
TOLERANCE = 0.4
# Skip pictures that no other depends on if cells are at least this long and no picture stays on
# screen for longer than this: every cell then still holds a picture.
LEAVE_OUT_SPACING_SECONDS = 0.5
LEAVE_OUT_GAP_SECONDS = 0.2

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """A picture to find: the first with start ≤ pts ≤ end, decoded from `keyframe` on.

    Times are presentation times in the stream's time base. If the keyframe itself is good enough,
    `start` is its time.
    """

    keyframe: int
    start: int
    end: int


def sample_frames(
    video: LocalVideo,
    *,
    max_frames: int,
    max_frames_per_second: float,
    width_px: int,
    limits: Limits,
) -> Frames:
    """Sample up to `max_frames` upright JPEGs, at most `width_px` wide, from the whole video.

    Returns:
        The pictures in order of time; none, with the reason, if there is sound but no picture.

    Raises:
        InvalidVideo: nothing at all can be decoded, or decoding takes longer than the limit.
    """
    source = video.source
    count = max(1, min(max_frames, math.floor(source.duration_seconds * max_frames_per_second)))
    spacing = source.duration_seconds / count
    with open_media(video.path, filename=source.filename, limits=limits) as container:
        stream = video_stream(container) if source.has_video else None
        if stream is None:
            return _no_frames(spacing, "the file has no video stream")
        decoder = Decoder(stream, source.filename, limits)
        index = read_index(container, stream)
        zero, unit = clock_zero(container), time_base(stream)
        bounds = [round((n * Fraction(spacing) + zero) / unit) for n in range(count + 1)]
        targets = plan_targets(bounds, index.keyframes)
        gap_seconds = index.longest_gap * unit
        if spacing >= LEAVE_OUT_SPACING_SECONDS and gap_seconds <= LEAVE_OUT_GAP_SECONDS:
            stream.codec_context.skip_frame = "NONREF"
        album = Album(width_px, stream.sample_aspect_ratio or Fraction(1), count)
        for pts, picture in _find(targets, container, stream, decoder):
            album.add(picture, float(pts * unit - zero))
    warnings = _damage(decoder, source.filename)
    if album.frames:
        only_keyframes = all(target.start == target.keyframe for target in targets)
        return Frames(
            frames=album.frames,
            width_px=album.size[0],
            height_px=album.size[1],
            spacing_seconds=spacing,
            method="keyframes" if only_keyframes else "decode",
            warnings=warnings,
            payload=album.close(),
        )
    if not source.has_audio:
        raise InvalidVideo(f"No picture of {source.filename} can be decoded: export it again.")
    return _no_frames(spacing, "no picture can be decoded", warnings)


def read_frame(frames: Frames, name: str) -> bytes:
    """Return the JPEG of one picture, or of `contact_sheet.jpg`; KeyError if there is none."""
    with zipfile.ZipFile(io.BytesIO(frames.payload)) as archive:
        return archive.read(name)


def iter_frames(frames: Frames) -> Iterator[tuple[Frame, bytes]]:
    """Yield each picture with its JPEG, in order of time."""
    if not frames.frames:
        return
    with zipfile.ZipFile(io.BytesIO(frames.payload)) as archive:
        for frame in frames.frames:
            yield frame, archive.read(frame.name)


@dataclass(frozen=True)
class Index:
    """What a stream's packets show without decoding; times in the stream's time base."""

    keyframes: "array[int]"  # presentation times, ascending
    longest_gap: int  # between one picture and the next


def read_index(container: InputContainer, stream: VideoStream) -> Index:
    """Read all packets of the stream.

    Discard.nonkey would avoid most of the reading, but makes the MOV demuxer's times wrong.
    """
    demux_only(container, stream)
    pictures, keyframes = array("q"), array("q")
    for packet in readable_packets(container, stream):
        pts = presentation(packet)
        if pts is not None:
            pictures.append(pts)
            if packet.is_keyframe:
                keyframes.append(pts)
    gaps = np.diff(np.sort(np.array(pictures)))
    return Index(
        keyframes=array("q", sorted(keyframes) or [stream.start_time or 0]),
        longest_gap=int(gaps.max(initial=0)),
    )


def plan_targets(bounds: Sequence[int], keyframes: Sequence[int]) -> list[Target]:
    """Decide what to look for in each cell, and at which keyframe to start decoding.

    Cell n is bounds[n] ≤ pts < bounds[n + 1], in the stream's time base.
    """
    targets = []
    for cell, following in pairwise(bounds):
        middle, end = (cell + following) / 2, following - 1
        inside = keyframes[bisect_left(keyframes, cell) : bisect_left(keyframes, following)]
        if inside:
            nearest = min(inside, key=lambda pts: abs(pts - middle))
            targets.append(Target(nearest, nearest, end))
        else:
            start = round(middle - TOLERANCE * (following - cell))
            before = max(0, bisect_left(keyframes, cell) - 1)
            targets.append(Target(keyframes[before], start, end))
    return targets


def pick(frames: Iterable[tuple[int, T]], targets: Iterable[Target]) -> Iterator[tuple[int, T]]:
    """Yield the pictures that meet the targets, each at most once; reads no more than it needs.

    A target whose window has no picture gets the one that is still on screen.
    """
    waiting = deque(targets)
    on_show: tuple[int, T] | None = None
    for pts, frame in frames:
        while waiting and waiting[0].end < pts:
            waiting.popleft()
            if on_show is not None:
                yield on_show
                on_show = None
        if waiting and waiting[0].start <= pts:
            waiting.popleft()
            yield pts, frame
            on_show = None
        else:
            on_show = pts, frame
        if not waiting:
            return
    if waiting and on_show is not None:
        yield on_show


def _find(
    targets: list[Target], container: InputContainer, stream: VideoStream, decoder: Decoder
) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures for the targets, in order; decodes once from each keyframe needed."""
    last = None
    for keyframe, group in groupby(targets, key=lambda target: target.keyframe):
        wanted = list(group)
        try:
            container.seek(keyframe, stream=stream)
        except av.error.FFmpegError:
            decoder.damaged += 1
            continue
        packets = readable_packets(container, stream)
        frames = _decode(packets, decoder, keyframe, alone=wanted[-1].start == keyframe)
        for pts, picture in pick(frames, wanted):
            if last is None or pts > last:
                yield pts, picture
                last = pts


def _decode(
    packets: "Iterable[Packet[Any]]", decoder: Decoder, from_pts: int, *, alone: bool
) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures from the packet at `from_pts` on, or only that packet's."""
    started = False
    for packet in packets:
        pts = presentation(packet)
        started = started or (pts is not None and pts >= from_pts)
        if not started:
            continue
        pictures = decoder.decode(packet)
        if alone:
            pictures += decoder.decode(None)
        for picture in pictures:
            shown = presentation(picture)
            if shown is not None:
                yield shown, picture
        if alone:
            return


def _damage(decoder: Decoder, filename: str) -> list[str]:
    if not decoder.damaged:
        return []
    return [f"{filename} is damaged: some pictures ({decoder.damaged}) could not be decoded."]


def _no_frames(spacing: float, reason: str, warnings: Sequence[str] = ()) -> Frames:
    return Frames(
        frames=[],
        width_px=0,
        height_px=0,
        spacing_seconds=spacing,
        method="none",
        reason=reason,
        warnings=list(warnings),
        payload=b"",
    )

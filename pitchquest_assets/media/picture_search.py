"""Finds the pictures for the equal cells of a video: at which keyframe to start, when to stop.

`media.sampling` says what is taken, and why that is cheap.
"""

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, TypeVar

import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pitchquest_assets.media.clock import Clock
from pitchquest_assets.media.streams import (
    Decoder,
    clock_of,
    demux_only,
    presentation,
    readable_packets,
)
from pitchquest_assets.model import ClockPiece

# Close enough: at most this share of the spacing before the middle of the cell.
TOLERANCE = 0.4

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


@dataclass(frozen=True)
class Index:
    """What a stream's packets show without decoding; times in the stream's time base."""

    keyframes: "array[int]"  # presentation times on the mended clock, ascending
    stored: dict[int, int]  # the same times as the file has them
    longest_gap: int  # between one picture and the next


def read_index(
    container: InputContainer, stream: VideoStream, pieces: Sequence[ClockPiece] = ()
) -> Index:
    """Read all packets of the stream; `pieces` are those of its clock, see `SourceVideo.clock`.

    Discard.nonkey would avoid most of the reading, but makes the MOV demuxer's times wrong.
    """
    demux_only(container, stream)
    clock = clock_of(container, stream, pieces)
    pictures, stored = array("q"), dict[int, int]()
    for packet in readable_packets(container, stream):
        pts = presentation(packet)
        mended = None if pts is None else clock.mend(pts, may_begin=packet.is_keyframe)
        if pts is not None and mended is not None:
            pictures.append(mended)
            if packet.is_keyframe:
                stored[mended] = pts
    gaps = np.diff(np.sort(np.array(pictures)))
    first = stream.start_time or 0
    stored = stored or {first: first}
    return Index(
        keyframes=array("q", sorted(stored)), stored=stored, longest_gap=int(gaps.max(initial=0))
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
    """Yield the picture that meets each target; reads no more than it needs.

    A target whose window has no picture gets the one that is still on screen, which may have been
    yielded for an earlier target too.
    """
    waiting = deque(targets)
    on_show: tuple[int, T] | None = None
    for pts, frame in frames:
        while waiting and waiting[0].end < pts:
            waiting.popleft()
            if on_show is not None:
                yield on_show
        on_show = pts, frame
        if waiting and waiting[0].start <= pts:
            waiting.popleft()
            yield on_show
        if not waiting:
            return
    if on_show is not None:
        yield from [on_show] * len(waiting)


class UnseekableError(Exception):
    """The container cannot go to a keyframe that it has."""


def find_by_seeking(
    targets: list[Target],
    index: Index,
    container: InputContainer,
    stream: VideoStream,
    decoder: Decoder,
    clock: Clock,
) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures for the targets, in order; decodes once from each keyframe needed.

    Raises:
        UnseekableError: the container does not go to one of the keyframes.
    """
    last = None
    for keyframe, group in groupby(targets, key=lambda target: target.keyframe):
        wanted = list(group)
        stored = index.stored[keyframe]
        try:
            container.seek(stored, stream=stream)
        except av.error.FFmpegError as error:
            raise UnseekableError from error
        packets = readable_packets(container, stream)
        frames = _decode(packets, decoder, clock, stored, alone=wanted[-1].start == keyframe)
        for pts, picture in pick(frames, wanted):
            if last is None or pts >= last:
                yield pts, picture
                last = pts


def find_from_the_start(
    targets: list[Target],
    container: InputContainer,
    stream: VideoStream,
    decoder: Decoder,
    clock: Clock,
) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures for the targets, in order, from a container of which nothing was read."""
    demux_only(container, stream)
    packets = readable_packets(container, stream)
    yield from pick(_decode(packets, decoder, clock, None, alone=False), targets)


def _decode(
    packets: "Iterable[Packet[Any]]",
    decoder: Decoder,
    clock: Clock,
    from_pts: int | None,
    *,
    alone: bool,
) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures from the packet at `from_pts` on, or only that packet's; all if that is None.

    `from_pts` is a time as the file has it, the times of the pictures are mended.

    Raises:
        UnseekableError: the first packet is a later one.
    """
    started, seen = from_pts is None, False
    for packet in packets:
        pts = presentation(packet)
        if from_pts is not None and pts is not None:
            if not seen and pts > from_pts:
                raise UnseekableError
            started, seen = started or pts >= from_pts, True
        if not started:
            continue
        pictures = decoder.decode(packet)
        if alone:
            pictures += decoder.decode(None)
        for picture in pictures:
            shown = presentation(picture)
            mended = None if shown is None else clock.mend(shown)
            if mended is not None:
                yield mended, picture
        if alone:
            return

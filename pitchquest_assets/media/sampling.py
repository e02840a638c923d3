"""Samples evenly spaced pictures of a video at the lowest CPU cost.

The video is divided into equal cells. Each cell gets one picture, ideally from its middle, but
cheapness wins if the picture is close enough:

1. If the cell has keyframes, take the one nearest to the middle, and decode nothing else.
2. If not, decode from the last keyframe before the cell, skip pictures that no other depends on,
   and stop at the first picture within the tolerance around the middle.

Long videos, and those with a keyframe every second or two, are therefore sampled by keyframes only.
The times are the pictures' own presentation times on the clock of `media.streams`, so they are
exact for variable frame rates too; where that clock jumps, `media.clock` mends it. If a cell shows
nothing new, it gets the picture that is still on screen, unless that one was taken before.
"""

import io
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media.clock import is_seekable
from pitchquest_assets.media.jpegs import Album
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.picture_search import (
    UnseekableError,
    find_by_seeking,
    find_from_the_start,
    plan_targets,
    read_index,
)
from pitchquest_assets.media.probe import Limits, open_media
from pitchquest_assets.media.streams import (
    Decoder,
    clock_of,
    clock_zero,
    time_base,
    video_stream,
    video_streams,
)
from pitchquest_assets.model import Frame, Frames

# Skip pictures that no other depends on if cells are at least this long and no picture stays on
# screen for longer than this: every cell then still holds a picture.
LEAVE_OUT_SPACING_SECONDS = 0.5
LEAVE_OUT_GAP_SECONDS = 0.2
# To smooth the edges of blocks is a fifth of decoding H.264, and less in other codecs. In pictures
# that are shrunk so much it changes no score (measured), so only keyframes are smoothed.
UNFILTERED = {"skip_loop_filter": "nokey"}
UNFILTERED_SHRINKING = 3


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
    if not source.has_video:
        return _no_frames(spacing, "the file has no video stream")
    try:
        frames = _sample(video, spacing, count, width_px, limits, is_seekable(source.clock))
    except UnseekableError:
        frames = _sample(video, spacing, count, width_px, limits, seekable=False)
    if not frames.frames and not source.has_audio:
        raise InvalidVideo(f"No picture of {source.filename} can be decoded: export it again.")
    return frames


def _sample(
    video: LocalVideo, spacing: float, count: int, width_px: int, limits: Limits, seekable: bool
) -> Frames:
    """Open the file and sample it; in one that is not seekable, decode from the start."""
    source = video.source
    with ExitStack() as opened:
        container = opened.enter_context(_open(video, limits))
        stream = video_stream(container)
        if stream is None:
            return _no_frames(spacing, "the file has no video stream")
        index = read_index(container, stream, source.clock)
        zero, unit = clock_zero(container), time_base(stream)
        bounds = [round((n * Fraction(spacing) + zero) / unit) for n in range(count + 1)]
        targets = plan_targets(bounds, index.keyframes)
        if not seekable:
            container = opened.enter_context(_open(video, limits))
            stream = video_stream(container) or stream
        decoder = Decoder(stream, source.filename, limits)
        clock = clock_of(container, stream, source.clock)
        gap_seconds = index.longest_gap * unit
        if spacing >= LEAVE_OUT_SPACING_SECONDS and gap_seconds <= LEAVE_OUT_GAP_SECONDS:
            stream.codec_context.skip_frame = "NONREF"
        large = max(stream.width, stream.height) >= UNFILTERED_SHRINKING * width_px
        if large and stream.codec.canonical_name == "h264":
            stream.codec_context.options = stream.codec_context.options | UNFILTERED
        found = (
            find_by_seeking(targets, index, container, stream, decoder, clock)
            if seekable
            else find_from_the_start(targets, container, stream, decoder, clock)
        )
        album = Album(width_px, stream.sample_aspect_ratio or Fraction(1), count)
        for pts, picture in found:
            album.add(picture, float(pts * unit - zero))
        others = _other_tracks(container, stream, source.filename)
    warnings = [*others, *_damage(decoder, source.filename)]
    if not album.frames:
        return _no_frames(spacing, "no picture can be decoded", warnings)
    only_keyframes = seekable and all(one.start == one.keyframe for one in targets)
    return Frames(
        frames=album.frames,
        width_px=album.size[0],
        height_px=album.size[1],
        spacing_seconds=spacing,
        method="keyframes" if only_keyframes else "decode",
        warnings=warnings,
        payload=album.close(),
    )


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


def _open(video: LocalVideo, limits: Limits) -> AbstractContextManager[InputContainer]:
    return open_media(video.path, filename=video.source.filename, limits=limits)


def _other_tracks(container: InputContainer, taken: VideoStream, filename: str) -> list[str]:
    """A warning if there are pictures that are not looked at."""
    tracks = sorted(stream.index for stream in video_streams(container))
    if len(tracks) < 2:
        return []
    return [
        f"{filename} has {len(tracks)} tracks of pictures, of which only number "
        f"{tracks.index(taken.index) + 1} is analysed: if another one shows the speaker, export "
        "that one alone."
    ]


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

"""One job of `benchmarks/media.py`, in its own process, which imports only what it needs.

python benchmarks/media_jobs.py ours|check|opencv|pixeltable VIDEO [MAX_FRAMES]
"""

import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pitchquest_assets.model import Frames

WIDTH_PX = 640


def run_ours(video: Path, max_frames: int) -> str:
    return str(len(our_frames(video, max_frames).frames))


def our_frames(video: Path, max_frames: int) -> "Frames":
    from pitchquest_assets.media.local_video import LocalVideo
    from pitchquest_assets.media.probe import Limits, probe
    from pitchquest_assets.media.sampling import sample_frames

    source = probe(video, video_id="x", filename=video.name, captions_path=None, limits=Limits())
    return sample_frames(
        LocalVideo(source, video),
        max_frames=max_frames,
        max_frames_per_second=1,
        width_px=WIDTH_PX,
        limits=Limits(),
    )


def run_check(video: Path, max_frames: int) -> str:
    """Count our pictures that equal those of a full decode at the same time."""
    import av

    from pitchquest_assets.media.jpegs import JPEG_QUALITY, Orientation, encode_jpeg, upright_image
    from pitchquest_assets.media.probe import open_media
    from pitchquest_assets.media.sampling import iter_frames
    from pitchquest_assets.media.streams import clock_zero, time_base, video_stream

    frames = our_frames(video, max_frames)
    ours = {frame.time_seconds: jpeg for frame, jpeg in iter_frames(frames)}
    exact = 0
    with open_media(video) as container:
        stream = video_stream(container)
        assert stream is not None
        stream.thread_type = "AUTO"
        zero, unit = clock_zero(container), time_base(stream)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        orientation = None
        for picture in container.decode(stream):
            assert isinstance(picture, av.VideoFrame)
            jpeg = ours.get(float((picture.pts or 0) * unit - zero))
            if jpeg is not None:
                orientation = orientation or Orientation.of(picture)
                image = upright_image(picture, orientation, aspect, WIDTH_PX)
                exact += encode_jpeg(image, JPEG_QUALITY) == jpeg
    return f"{exact} of {len(frames.frames)}"


def run_opencv(video: Path) -> str:
    import cv2

    capture = cv2.VideoCapture(str(video))
    rate = capture.get(cv2.CAP_PROP_FPS)
    number = written = 0
    with tempfile.TemporaryDirectory() as folder:
        while capture.grab():
            if number >= round(written * rate):
                _, image = capture.retrieve()
                height = round(image.shape[0] * WIDTH_PX / image.shape[1])
                image = cv2.resize(image, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
                cv2.imwrite(f"{folder}/{written:04d}.jpg", image)
                written += 1
            number += 1
    return str(written)


def run_pixeltable(video: Path) -> str:
    """Run the iterator of `pxt.create_view(..., iterator=frame_iterator(...))`, without a table."""
    from pixeltable.functions.video import frame_iterator

    written = 0
    with tempfile.TemporaryDirectory() as folder:
        for row in frame_iterator.create_iter(video=str(video), fps=1.0):
            image = row["frame"]
            height = round(image.height * WIDTH_PX / image.width)
            image.resize((WIDTH_PX, height)).save(f"{folder}/{written:04d}.jpg", quality=85)
            written += 1
    return str(written)


JOBS: dict[str, Callable[..., str]] = {
    "ours": run_ours,
    "check": run_check,
    "opencv": run_opencv,
    "pixeltable": run_pixeltable,
}


if __name__ == "__main__":
    print(JOBS[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:])))

"""How picture quality falls with what spoils a picture, and how far the expression is noise.

    python benchmarks/picture.py FILE... [--model face_detection_yunet_2026may.onnx]

FILE is a picture or a video, of which a few pictures are taken. Each is brought to 1280 x 720 px,
spoilt in rising strength, sampled as by `frames`, and measured. The first table has the medians of
what is measured, from which the anchors in analysis/visual/scores.py were chosen; the second the
score, and how many pictures never gain more than 0.3 points by getting worse. For videos, a third
has the width of the mouth: how much it varies, and its error.

docs/measurements.md has the results for 8 pictures, on which the anchors were chosen, and for 6
others. A picture in which no face is found any more is left out of the medians.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import itertools

from pitchquest_assets.analysis.visual.faces import Face, FaceDetector, open_detector
from pitchquest_assets.analysis.visual.observations import Observation, observe
from pitchquest_assets.analysis.visual.scene import Scene
from pitchquest_assets.analysis.visual.scores import picture_quality
from pitchquest_assets.media.jpegs import JPEG_QUALITY, encode_jpeg
from pitchquest_assets.model import Frame
from pitchquest_assets_tests.support.degradations import series

SIZE_PX = (1280, 720)
SAMPLED_WIDTH_PX = 640
PICTURES_PER_VIDEO = 3
MOUTHS_PER_VIDEO = 40
TOLERATED_RISE = 0.3
FIGURES = ("resolution_px", "detail", "noise", "blocking", "light", "backlight")

Picture = np.ndarray

console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--model", type=Path, help="of YuNet; without it, Haar finds the faces")
    arguments = parser.parse_args()
    detector = open_detector(arguments.model)
    shown = [whole(picture) for file in arguments.files for picture in pictures_of(file)]
    found = [(picture, seen) for picture in shown if (seen := sampled(picture, detector))]
    if not found:
        sys.exit("No face was found in any of the files.")
    print_quality([picture for picture, _ in found], detector)
    if detector.has_landmarks:
        print_mouths(arguments.files, detector)


def pictures_of(file: Path, most: int = PICTURES_PER_VIDEO) -> Iterator[Picture]:
    """The picture, or some of the video's, evenly spread."""
    picture = cv2.imread(str(file))
    if picture is not None:
        yield picture
        return
    with av.open(str(file)) as container:
        times = iter(np.linspace(0, float(container.duration or 0) / av.time_base, most + 1)[:-1])
        wanted = next(times)
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= wanted:
                yield frame.to_ndarray(format="bgr24")
                wanted = next(times, None)
                if wanted is None:
                    return


def whole(picture: Picture) -> Picture:
    """The picture in a frame of 1280 x 720 px."""
    width, height = SIZE_PX
    scale = min(width / picture.shape[1], height / picture.shape[0])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    fitting = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
    framed = np.full((height, width, 3), 110, np.uint8)
    top, left = (height - fitting.shape[0]) // 2, (width - fitting.shape[1]) // 2
    framed[top : top + fitting.shape[0], left : left + fitting.shape[1]] = fitting
    return framed


def sampled(picture: Picture, detector: FaceDetector) -> Observation | None:
    """What is measured in a picture of a video; None if no face is found."""
    scale = min(1.0, SAMPLED_WIDTH_PX / picture.shape[1])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = Frame(time_seconds=0, name="0", cells=5, scale=scale)
    (seen,), _ = observe([(frame, encode_jpeg(small, JPEG_QUALITY))], detector)
    return seen if seen.has_face else None


def print_quality(pictures: list[Picture], detector: FaceDetector) -> None:
    figures = Table("fault", "step", *FIGURES, title=f"medians of {len(pictures)} pictures")
    scores = Table("fault", "score at each step (median)", "falls", title="picture quality")
    for fault in series(Face(0, 0, 1, 1)):
        rows = [spoilt(picture, fault, detector) for picture in pictures]
        for step in range(len(rows[0])):
            seen = [row[step].quality for row in rows if row[step] is not None]
            medians = [np.median([getattr(one, name) for one in seen]) for name in FIGURES]
            cells = [f"{value:.2f}" for value in medians] if seen else []
            figures.add_row(fault, str(step + 1), *cells)
        judged = [[score_of(one) for one in row] for row in rows]
        steps = np.nanmedian(np.array(judged, float), axis=0)
        falls = sum(is_falling(row) for row in judged)
        shown = "  ".join(f"{value:.1f}" for value in steps)
        scores.add_row(fault, shown, f"{falls} of {len(judged)}")
    console.print(figures)
    console.print(scores)


def spoilt(picture: Picture, fault: str, detector: FaceDetector) -> list[Observation | None]:
    seen = sampled(picture, detector)
    assert seen is not None
    width, height = SIZE_PX
    face = Face(
        ((seen.face_x or 0) - (seen.face_width or 0) / 2) * width,
        ((seen.face_y or 0) - (seen.face_height or 0) / 2) * height,
        (seen.face_width or 0) * width,
        (seen.face_height or 0) * height,
    )
    return [sampled(change(picture), detector) for change in series(face)[fault]]


def score_of(seen: Observation | None) -> float | None:
    return None if seen is None else picture_quality(Scene([seen], None)).value


def is_falling(scores: list[float | None]) -> bool:
    known = [score for score in scores if score is not None]
    return all(b <= a + TOLERATED_RISE for a, b in itertools.pairwise(known))


def print_mouths(files: list[Path], detector: FaceDetector) -> None:
    table = Table("video", "pictures", "SD of the width", "its error", "times", "smiles")
    for file in files:
        frames = [
            (Frame(time_seconds=float(index), name=str(index)), encode_jpeg(small(picture), 85))
            for index, picture in enumerate(pictures_of(file, MOUTHS_PER_VIDEO))
        ]
        if len(frames) < 2:
            continue
        scene = Scene(observe(frames, detector)[0], None)
        moves, error = scene.mouth_movement, scene.mouth_error
        smiles = scene.no_smiles or f"{len(scene.smiling)} of {len(scene.facing)}"
        figures = [f"{moves:.1%}", f"{error:.1%}", f"{moves / error:.1f}"]
        table.add_row(file.name, str(len(frames)), *figures, smiles)
    console.print(table)


def small(picture: Picture) -> Picture:
    scale = min(1.0, SAMPLED_WIDTH_PX / picture.shape[1])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main()

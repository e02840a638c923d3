"""How good a picture is, measured on the face and at a fixed scale.

The thresholds are in `analysis/visual/scores.py`; `benchmarks/picture.py` prints the table from
which they were chosen.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pitchquest_assets.analysis.visual.faces import Face, Picture

# Detail is measured on a face of this height, whatever its height in the picture.
FACE_HEIGHT_PX = 128
# Two Gaussian blurs, in pixels of that face: a sharp face loses much from one to the other.
FINE_PX, COARSE_PX = 0.8, 2.4
# Immerkær's mask (1996), which is blind to flat areas and straight edges.
NOISE_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
MEAN_TO_SD = np.sqrt(np.pi / 2)
TILE_PX = 8
# Noise is read from the smoother tiles of the picture, but in a face from all alike.
SMOOTH_PERCENTILE, FACE_PERCENTILE = 30, 60
# Black and white hide noise.
NEAR_BLACK_LUMA, NEAR_WHITE_LUMA = 16, 240
MIN_TILES = 20
# Sides of a mosaic's tiles or a codec's blocks that are looked for, in pixels of the picture.
BLOCKS_PX = np.concatenate([np.arange(2.5, 8, 0.05), np.arange(8, 33, 0.1)])
MAX_STEP_LUMA = 40
TREND_PX = 31
BUSY_SHARE = 0.25
PADDING = 8
# Steps below this many luma levels cannot be seen.
UNSEEN_STEP_LUMA = 0.3
# Blocks that stand out by less are there in any JPEG; by more, nothing finer than a block is true.
NO_BLOCKS, ONLY_BLOCKS = 1.6, 4.0
LIGHT_PERCENTILE = 90
BACKGROUND_PERCENTILE = 75
# Roughly the light behind a luma (a share of white).
GAMMA = 2.2
DARKEST_LIGHT = 0.001

Luma = NDArray[np.uint8]


@dataclass(frozen=True)
class Quality:
    """How good one picture of a face is."""

    resolution_px: float  # height of the face in the video's own pixels, or in blocks
    detail: float  # energy of gradients, fine / coarse; blur lowers it, contrast does not
    noise: float  # SD of luma, 0–255, in the smoother parts
    blocking: float  # steps at the edges of blocks / steps within them
    light: float  # luma of the bright parts of the face, a share of white
    backlight: float  # stops by which the background is brighter than they are


@dataclass(frozen=True)
class Grain:
    """Noise and blocks of a whole picture."""

    noise: float
    blocking: float
    block_px: float


def measure_grain(luma: Luma) -> Grain:
    """Return noise and blocks; the picture has any size, blocks are sought up to 32 px."""
    blocking, block_px = min(_blocks(luma), _blocks(luma.T))
    return Grain(_noise(luma, SMOOTH_PERCENTILE), blocking, block_px)


def measure_quality(luma: Luma, face: Face, grain: Grain, scale: float) -> Quality:
    """Measure one face.

    Args:
        luma: the picture, uint8 (height, width).
        grain: that of the same picture.
        scale: the picture's width divided by that in the video.
    """
    region = inside(luma, face)
    own_px = face.height_px / scale
    seen = np.log(grain.blocking / NO_BLOCKS) / np.log(ONLY_BLOCKS / NO_BLOCKS)
    blocky = float(np.clip(seen, 0, 1))
    in_blocks = min(own_px, face.height_px / grain.block_px)
    light = float(np.percentile(region, LIGHT_PERCENTILE)) / 255
    return Quality(
        resolution_px=own_px ** (1 - blocky) * in_blocks**blocky,
        detail=_detail(region),
        noise=grain.noise,
        blocking=grain.blocking,
        light=light,
        backlight=_stops(_background(luma, face)) - _stops(light),
    )


def inside(luma: Picture, face: Face) -> Picture:
    """Return the pixels of the face; the whole picture if the box is outside it."""
    top, left = max(0, int(face.top_px)), max(0, int(face.left_px))
    bottom, right = int(face.top_px + face.height_px), int(face.left_px + face.width_px)
    region = luma[top : max(0, bottom), left : max(0, right)]
    return region if region.size else luma


def _detail(face: Luma) -> float:
    """Fine over coarse gradients of a face, less those that its noise makes."""
    import cv2

    growth = FACE_HEIGHT_PX / face.shape[0]
    size = (max(2, round(face.shape[1] * growth)), FACE_HEIGHT_PX)
    how = cv2.INTER_LINEAR if growth > 1 else cv2.INTER_AREA
    scaled = np.asarray(cv2.resize(face, size, interpolation=how), np.float32)
    # What was enlarged is noise with larger grains: read it before, and enlarge noise likewise.
    noise = _noise(face if growth > 1 else scaled, FACE_PERCENTILE)
    fine_gain, coarse_gain = _noise_gains(round(max(1.0, growth), 1))
    fine = _energy(scaled, FINE_PX) - 1.5 * noise**2 * fine_gain
    coarse = _energy(scaled, COARSE_PX) - noise**2 * coarse_gain
    return float(max(0.0, fine) / max(coarse, 0.1))


def _energy(luma: NDArray[np.float32], blur_px: float) -> float:
    import cv2

    soft = cv2.GaussianBlur(luma, (0, 0), blur_px)
    across, down = np.diff(soft, axis=1), np.diff(soft, axis=0)
    return float(np.square(across).mean() + np.square(down).mean())


@lru_cache(maxsize=64)
def _noise_gains(growth: float) -> tuple[float, float]:
    """The fine and the coarse energy of enlarged white noise of variance 1."""
    import cv2

    side = max(4, round(FACE_HEIGHT_PX / growth))
    noise = np.random.default_rng(0).standard_normal((side, side), np.float32)
    size = (FACE_HEIGHT_PX, FACE_HEIGHT_PX)
    scaled = np.asarray(cv2.resize(noise, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return _energy(scaled, FINE_PX), _energy(scaled, COARSE_PX)


def _noise(luma: NDArray[np.uint8] | NDArray[np.float32], percentile: float) -> float:
    """The SD of the noise, from tiles that are neither black nor white."""
    import cv2

    rows, columns = luma.shape[0] // TILE_PX, luma.shape[1] // TILE_PX
    if not rows or not columns:
        return 0.0
    cut = np.asarray(luma[: rows * TILE_PX, : columns * TILE_PX], np.float32)
    rough, mean = (
        cv2.resize(one, (columns, rows), interpolation=cv2.INTER_AREA)  # the means of the tiles
        for one in (np.abs(cv2.filter2D(cut, -1, NOISE_MASK)), cut)
    )
    shown = rough[(mean > NEAR_BLACK_LUMA) & (mean < NEAR_WHITE_LUMA)]
    used = shown if shown.size >= MIN_TILES else rough
    return float(np.percentile(used, percentile) * MEAN_TO_SD)


def _blocks(luma: Luma) -> tuple[float, float]:
    """How much steps between columns stand out at a regular distance, and that distance in px.

    1 if they do not. The distance is that of the strongest comb of frequencies in the profile of
    steps; medians keep single edges of the scene from counting.
    """
    import cv2

    if luma.shape[1] < TREND_PX:
        return 1.0, float(BLOCKS_PX[0])
    steps = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    capped = np.minimum(steps, MAX_STEP_LUMA)
    profile = cv2.reduce(capped, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]
    count = profile.size
    trend = cv2.blur(profile[None], (TREND_PX, 1), borderType=cv2.BORDER_REFLECT)[0]
    spectrum = np.abs(np.fft.rfft((profile - trend) * np.hanning(count), PADDING * count))
    harmonics, weights = _combs(count)
    block_px = float(BLOCKS_PX[(spectrum[harmonics] * weights).sum(axis=1).argmax()])
    phases = np.arange(count) % block_px
    bins = phases.astype(int)
    strongest = (np.bincount(bins, profile) / np.bincount(bins)).argmax()
    edge = phases[bins == strongest].mean()
    distance = np.abs((phases - edge + block_px / 2) % block_px - block_px / 2)
    busy = trend > BUSY_SHARE * trend.mean()  # black bars have no steps at all
    edges = _median(profile[busy & (distance <= 0.5)])
    between = _median(profile[busy & (distance > 1)])
    ratio = (edges + UNSEEN_STEP_LUMA) / (between + UNSEEN_STEP_LUMA)
    return float(max(1.0, ratio)), block_px


def _median(values: NDArray[np.float32]) -> float:
    return float(np.median(values)) if values.size else 0.0


@lru_cache(maxsize=8)
def _combs(count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each distance, the places of its harmonics in the spectrum, and their weights."""
    most = int(BLOCKS_PX[-1] / 2)
    order = np.arange(1, most + 1)[None]
    places = np.round(order / BLOCKS_PX[:, None] * PADDING * count).astype(np.int64)
    held = order <= BLOCKS_PX[:, None] / 2
    weights = held / np.sqrt(held.sum(axis=1, keepdims=True))
    return np.where(held, places, 0), weights


def _background(luma: Luma, face: Face) -> float:
    """The luma of the brighter parts beside and above the face, a share of white."""
    middle, _ = face.centre_px
    left, right = int(middle - face.width_px), int(middle + face.width_px)
    sides = [luma[:, : max(0, left)], luma[:, max(0, right) :], luma[: max(0, int(face.top_px))]]
    pixels = np.concatenate([side[::2, ::2].ravel() for side in sides])
    if pixels.size < MIN_TILES * TILE_PX:
        return float(np.percentile(luma[::2, ::2], BACKGROUND_PERCENTILE)) / 255
    return float(np.percentile(pixels, BACKGROUND_PERCENTILE)) / 255


def _stops(luma: float) -> float:
    return float(np.log2(max(DARKEST_LIGHT, luma**GAMMA)))

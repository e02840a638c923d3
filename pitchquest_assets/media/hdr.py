"""Maps HDR pictures (HLG and PQ, in the colours of BT.2020) to SDR, as a screen would show them.

A white sheet of paper is at 203 cd/m² in both (ITU-R BT.2408). What is darker keeps its lightness;
highlights above it are bent into the little that SDR leaves for them.
"""

from typing import Any, cast

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

# `color_trc` of a decoded picture (ITU-T H.273).
PQ, HLG = 16, 18
# Linear light of HLG at 75 %, which is paper white, and the light that SDR shows as white. Below
# BT.2408's, because much HDR is SDR in another coat, whose white is at 100 cd/m².
HLG_SDR_WHITE = 0.2
PQ_SDR_WHITE_NITS = 203.0 * HLG_SDR_WHITE / 0.265
# Lightness is kept up to here, in units of SDR's white; lights of `BRIGHTEST` become white.
KNEE, BRIGHTEST = 0.75, 5.0
SDR_GAMMA = 2.4
BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)

Image = NDArray[np.uint8]


def is_hdr(picture: VideoFrame) -> bool:
    """Return whether the picture says that it is HLG or PQ."""
    return picture.color_trc in (PQ, HLG)


def to_sdr(signal: NDArray[Any], transfer: int) -> Image:
    """Return BGR pixels, uint8 (height, width, 3), of an RGB signal, uint16.

    Args:
        transfer: the picture's `color_trc`, PQ or HLG.
    """
    table = _linear(np.arange(4096) / 4095, transfer).astype(np.float32)
    light = np.maximum(table[signal >> 4] @ BT2020_TO_BT709.T, 0)
    shown = np.power(_bent(light), 1 / SDR_GAMMA)
    return cast(Image, np.round(255 * shown[..., ::-1]).astype(np.uint8))


def _linear(signal: NDArray[np.float64], transfer: int) -> NDArray[np.float64]:
    """Light in units of SDR's white, of a signal from 0 to 1 (ITU-R BT.2100)."""
    if transfer == HLG:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        return scene / HLG_SDR_WHITE
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = signal ** (1 / m2)
    nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return nits / PQ_SDR_WHITE_NITS


def _bent(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Up to the knee as it is, from there along a logarithm to 1."""
    above = np.log1p(np.maximum(light - KNEE, 0)) / np.log1p(BRIGHTEST - KNEE)
    bent = np.minimum(light, KNEE) + (1 - KNEE) * np.minimum(above, 1)
    return cast(NDArray[np.float32], bent)

"""Whether the two channels of a sound can be mixed, or cancel or hide each other."""

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

STEREO = 2
NAMES = ("left", "right")
# A look at each fourth piece is enough, and costs next to nothing.
LOOK_AT_EACH = 4
# Quieter pieces (mean square of full scale, -75 dB) say nothing.
SILENT_POWER = 10**-7.5
# Unlike channels keep half of their power when mixed, and one beside a silent one a quarter; less
# is left only where one is the other upside down.
CANCELLED_SHARE = 0.2
# A piece may cancel by chance.
MIN_CANCELLED_SHARE = 0.1
# Channels of one scene are alike; below this, each may hold something of its own.
ALIKE_CORRELATION = 0.5
# A channel this far below the other (power, -20 dB) cannot hide it.
HARMLESS_POWER_SHARE = 0.01


class Channels:
    """What the channels of a track have in common; add its decoded frames in turn."""

    def __init__(self) -> None:
        self._seen = 0
        self._heard = self._cancelled = 0
        self._powers = np.zeros(STEREO)
        self._product = 0.0

    def add(self, frame: AudioFrame) -> None:
        """Look at a frame; only those with two channels count."""
        self._seen += 1
        if self._seen % LOOK_AT_EACH or frame.layout.nb_channels != STEREO or not frame.samples:
            return
        left, right = _planes(frame)
        powers = np.array([np.mean(left**2), np.mean(right**2)])
        if powers.max() < SILENT_POWER:
            return
        product = float(np.mean(left * right))
        mixed = (powers.sum() + 2 * product) / 4
        self._heard += 1
        self._cancelled += bool(mixed < CANCELLED_SHARE * powers.max())
        self._powers += powers
        self._product += product

    @property
    def louder(self) -> int:
        """The channel with more power, 0 or 1."""
        return int(self._powers.argmax())

    @property
    def cancel(self) -> bool:
        """Whether mixing them would remove sound: one is the other upside down."""
        return self._heard > 0 and self._cancelled >= MIN_CANCELLED_SHARE * self._heard

    @property
    def differ(self) -> bool:
        """Whether each of them may hold a sound of its own."""
        weaker, stronger = sorted(self._powers.tolist())
        if weaker <= HARMLESS_POWER_SHARE * stronger:
            return False
        return self._product < ALIKE_CORRELATION * float(np.sqrt(weaker * stronger))


def _planes(frame: AudioFrame) -> npt.NDArray[np.float32]:
    """The samples as float32 in [-1, 1], shape (2, n)."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, STEREO).T
    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    scale = np.float32(2 ** (8 * samples.itemsize - 1))
    middle = scale if samples.dtype.kind == "u" else np.float32(0)
    planes: npt.NDArray[np.float32] = (samples.astype(np.float32) - middle) / scale
    return planes

"""The clock of a recording, mended where it jumps.

A recorder that was paused may jump ahead by hours, and the second of two joined recordings may
begin at zero again. What is there is cut into pieces in which time runs on, and the pieces follow
each other without a gap. `media.probe` finds the pieces; everybody who reads timestamps then asks
a `Clock`, so pictures, sound and captions agree.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from pitchquest_assets.model import ClockPiece

# A smaller step back is an overlap.
MIN_STEP_BACK_SECONDS = 0.5
# A time this far outside a piece still belongs to it.
EDGE_SECONDS = 0.5


class Clock:
    """Mends the timestamps of one stream, in the order in which the file has them.

    Args:
        pieces: see `SourceVideo.clock`; without any, every timestamp stays as it is.
        unit: seconds per unit of the timestamps.
        zero: what the file calls its start, in seconds of its timestamps.
    """

    def __init__(self, pieces: Sequence[ClockPiece], unit: Fraction, zero: Fraction) -> None:
        self._pieces = pieces
        self._unit = float(unit)
        self._zero = float(zero)
        self._here = 0
        self._latest = -math.inf

    def mend(self, pts: int, *, may_begin: bool = True) -> int | None:
        """Return the timestamp on the mended clock; None if it belongs nowhere.

        Args:
            may_begin: whether a piece may begin here: a keyframe, any sound, any decoded picture.
        """
        if not self._pieces:
            return pts
        seconds = pts * self._unit - self._zero
        is_back = may_begin and seconds < self._latest - MIN_STEP_BACK_SECONDS
        if is_back or not _holds(self._pieces[self._here], seconds):
            found = self._find(seconds)
            if found is None:
                return None
            self._here, self._latest = found, -math.inf
        self._latest = max(self._latest, seconds)
        piece = self._pieces[self._here]
        return pts - round((piece.start_seconds - piece.begins_at_seconds) / self._unit)

    def _find(self, seconds: float) -> int | None:
        """The piece of that time: a later one, as recordings are in order, or where it is known."""
        order = [*range(self._here + 1, len(self._pieces)), *range(self._here, -1, -1)]
        return next((n for n in order if _holds(self._pieces[n], seconds)), None)


def is_seekable(pieces: Sequence[ClockPiece]) -> bool:
    """Return whether each time in the file is that of one moment only."""
    return all(before.end_seconds <= after.start_seconds for before, after in pairwise(pieces))


def _holds(piece: ClockPiece, seconds: float) -> bool:
    return piece.start_seconds - EDGE_SECONDS <= seconds <= piece.end_seconds + EDGE_SECONDS

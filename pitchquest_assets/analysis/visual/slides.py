"""Tells slides and screens from what a camera sees."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Neighbouring pixels that differ by this many luma levels at most are one flat area; by more than
# the second, an edge. Lenses and light make slopes in between, which drawn pictures hardly have.
FLAT_LUMA, EDGE_LUMA = 2, 40
SLOPE_LUMA = 25
# In 6 slides, charts and screens, edges were 0.21 to 0.46 of edges and slopes, and 0.78 to 0.95 of
# the pixels were flat; in 14 pictures by cameras and of a cartoon without a face, edges were up to
# 0.15, and those above 0.06 were flat in 0.33 or a cartoon.
MIN_FLAT, MIN_EDGES = 0.5, 0.18


def is_slide(luma: NDArray[np.uint8]) -> bool:
    """Return whether the picture is drawn, and not empty."""
    levels: NDArray[Any] = luma.astype(np.int16)
    across = np.abs(np.diff(levels, axis=1))[:-1]
    down = np.abs(np.diff(levels, axis=0))[:, :-1]
    steps = np.maximum(across, down)
    if not steps.size or (steps <= FLAT_LUMA).mean() < MIN_FLAT:
        return False
    edges = int((steps > EDGE_LUMA).sum())
    slopes = int(((steps > FLAT_LUMA) & (steps <= SLOPE_LUMA)).sum())
    return edges > MIN_EDGES * max(1, edges + slopes)

"""Makes a process end with its parent, however the parent ends."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(how: signal.Signals) -> None:
    """Have the system send this process a signal when its parent ends; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(how))

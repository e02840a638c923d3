"""How an engine reports that it fetches something large."""

from collections.abc import Callable
from typing import NamedTuple

BAR_STEPS = 20
DONE, TO_COME = "█", "░"


class Progress(NamedTuple):
    """Callbacks of an engine: what it is about to do, and a download's bytes (done, total)."""

    announce: Callable[[str], None]
    downloaded: Callable[[int, int], None]


def log_progress(log: Callable[[str], None]) -> Progress:
    """Return callbacks that write log lines: the announcement, then a bar for each twentieth."""
    shown = -1

    def downloaded(done_bytes: int, total_bytes: int) -> None:
        nonlocal shown
        step = BAR_STEPS * done_bytes // max(total_bytes, 1)
        if step != shown:
            shown = step
            bar = DONE * step + TO_COME * (BAR_STEPS - step)
            log(f"{bar} {done_bytes / 1e6:.1f} of {total_bytes / 1e6:.1f} MB")

    return Progress(log, downloaded)

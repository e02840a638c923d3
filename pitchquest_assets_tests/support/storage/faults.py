"""Faults of a test server."""

import random
from dataclasses import dataclass, field


@dataclass
class Faults:
    """The faults of a server or gateway: for a share of the requests, or for all at one moment.

    A quarter each of the failing requests gets a 502 unprocessed, is cut off unprocessed, is cut
    off after it was done (so that only the answer is lost), and is left hanging.
    """

    share: float = 0.0
    hang_seconds: float = 1.0
    chance: random.Random = field(default_factory=lambda: random.Random(20261125))
    # (method, bytes): die in the middle of the next such request, then stay away for a while.
    die_at: tuple[str, int] | None = None
    # This many such requests are spared first.
    spare: int = 0
    down_seconds: float = 0.3
    # Answers given as they are before anything else happens: status, headers, body.
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    # Downloads stop in their middle until this is False again.
    hang_downloads: bool = False
    failed: int = 0

    def next(self) -> str | None:
        if self.chance.random() >= self.share:
            return None
        self.failed += 1
        return self.chance.choice(["502", "cut", "lost answer", "hang"])

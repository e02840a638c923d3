"""Where resumable uploads have got to, kept on disk so that a later process goes on with them."""

import hashlib
import json
import time
from pathlib import Path
from typing import NamedTuple

from pitchquest_assets.store.objects import write_whole

# Supabase forgets an upload after a day.
FORGOTTEN_AFTER_SECONDS = 24 * 60 * 60


class Unfinished(NamedTuple):
    """An upload that the server has begun to receive."""

    location: str
    arrived_bytes: int


class UnfinishedUpload:
    """The record of one file on its way to one place; it knows nothing of other files or places.

    Args:
        folder: where the records are.
        target: the address of the server, and the place there.
    """

    def __init__(self, folder: Path, file: Path, target: str) -> None:
        facts = file.stat()
        key = f"{target} {file.absolute()} {facts.st_size} {facts.st_mtime_ns}"
        self.folder = folder
        self.record = folder / f"{hashlib.sha256(key.encode(errors='replace')).hexdigest()}.json"

    def read(self) -> Unfinished | None:
        """Return how far it has got; None if it was not begun, or the server has forgotten it."""
        try:
            if self.record.stat().st_mtime < time.time() - FORGOTTEN_AFTER_SECONDS:
                return None
            return Unfinished(**json.loads(self.record.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, location: str, arrived_bytes: int) -> None:
        """Record how far it has got; remove the records of what the server has forgotten."""
        found = Unfinished(location, arrived_bytes)._asdict()
        write_whole(self.record, json.dumps(found).encode())
        for old in self.folder.glob("*.json"):
            if old.stat().st_mtime < time.time() - FORGOTTEN_AFTER_SECONDS:
                old.unlink(missing_ok=True)

    def move_on(self, arrived_bytes: int) -> None:
        """Record that more of it has arrived."""
        if kept := self.read():
            self.keep(kept.location, arrived_bytes)

    def forget(self) -> None:
        """Remove the record: the upload has ended, or must start over."""
        self.record.unlink(missing_ok=True)

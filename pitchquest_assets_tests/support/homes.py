"""A PITCHQUEST_HOME for tests."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pitchquest_assets.store.postgres import embedded


@contextmanager
def temporary_home() -> Iterator[Path]:
    """Yield the folder; at the end, stop its database and remove it."""
    # Not tmp_path: pytest closes its folder to other users, and PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="pitchquest-test-")).resolve()
    try:
        yield folder
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)

"""A PITCHQUEST_HOME for tests."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pitchquest_assets.store.postgres import embedded


@contextmanager
def temporary_home() -> Iterator[Path]:
    """The folder; its database is stopped and all of it removed at the end."""
    # Not tmp_path: pytest closes its folder to other users, and PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="pitchquest-test-")).resolve()
    try:
        yield folder
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)

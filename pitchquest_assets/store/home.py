"""PITCHQUEST_HOME: a folder that other users of the machine cannot look into."""

import os
from pathlib import Path

DEFAULT_NAME = ".pitchquest"
# As root, the database runs as a user of its own, who must get through to its folder.
PRIVATE, PASSABLE = 0o700, 0o711


def make_home(folder: Path) -> None:
    """Make the folder, for its owner only; an existing one is closed if its name is the default.

    A folder with another name may be used for other things too, so it stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    mode = PASSABLE if os.geteuid() == 0 else PRIVATE
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if folder.name == DEFAULT_NAME and folder.stat().st_uid == os.geteuid():
        missing.append(folder)
    for path in missing:
        path.chmod(mode)

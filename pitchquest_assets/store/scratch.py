"""Files that one process needs on this machine for its part of a run: HOME/scratch/<run id>-….

Each folder names the worker that made it, so that what a killed worker left can be removed.
"""

import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pitchquest_assets.settings import Settings

_WORKER = ".worker"
# Longer than any run: for workers of other machines, whose state is not known here.
FORGOTTEN_SECONDS = 2 * 24 * 3600


def make_folder(settings: Settings, run_id: str, worker: str) -> Path:
    """Make a folder named for a worker and return it; each process of a run has its own."""
    folder = settings.home_path / "scratch" / f"{run_id}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    (folder / _WORKER).write_text(worker)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder and everything in it; do nothing if there is none."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_folders_of(settings: Settings, run_id: str) -> None:
    """Remove the files of every process of a run; none of them may be alive."""
    for folder in (settings.home_path / "scratch").glob(f"{run_id}-*"):
        remove_folder(folder)


def sweep(settings: Settings, is_gone: Callable[[str], bool]) -> list[str]:
    """Remove the files of workers that are gone; return the names of their folders."""
    removed = []
    for folder in (settings.home_path / "scratch").glob("*"):
        if _is_left_behind(folder, is_gone):
            remove_folder(folder)
            removed.append(folder.name)
    return removed


def _is_left_behind(folder: Path, is_gone: Callable[[str], bool]) -> bool:
    with suppress(FileNotFoundError):
        if is_gone((folder / _WORKER).read_text()):
            return True
    with suppress(FileNotFoundError):
        return time.time() - folder.stat().st_mtime > FORGOTTEN_SECONDS
    return False

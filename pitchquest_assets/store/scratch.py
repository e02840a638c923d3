"""Files that one process needs on this machine for its part of a run: HOME/scratch/<run id>-….

The folder says which worker made it, so that what a killed one leaves behind is found and removed.
"""

import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pitchquest_assets.settings import Settings

_WORKER = ".worker"
# No run lasts so long: for the workers of other machines, of which nothing is known here.
FORGOTTEN_SECONDS = 2 * 24 * 3600


def make_folder(settings: Settings, run_id: str, worker: str) -> Path:
    """A new folder in the name of a worker: each process of a run has its own."""
    folder = settings.home_path / "scratch" / f"{run_id}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    (folder / _WORKER).write_text(worker)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder with all it holds; nothing happens where there is none."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_folders_of(settings: Settings, run_id: str) -> None:
    """Remove the files of every process of a run, which must have no living one."""
    for folder in (settings.home_path / "scratch").glob(f"{run_id}-*"):
        remove_folder(folder)


def sweep(settings: Settings, is_gone: Callable[[str], bool]) -> list[str]:
    """Remove the files of workers that are gone; the names of their folders."""
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

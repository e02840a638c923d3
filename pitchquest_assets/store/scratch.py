"""Files that a run needs on this machine for its own time: HOME/scratch/<run id>.

The folder says which worker made it, so that what a killed one leaves behind is found and removed.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pitchquest_assets.settings import Settings

_WORKER = ".worker"
# No run lasts so long: for the workers of other machines, of which nothing is known here.
FORGOTTEN_SECONDS = 2 * 24 * 3600


def folder_of(settings: Settings, run_id: str) -> Path:
    """Where a run's files are."""
    return settings.home_path / "scratch" / run_id


def make_folder(settings: Settings, run_id: str, worker: str) -> Path:
    """The folder of a run, made where it is not there yet, in the name of its worker."""
    folder = folder_of(settings, run_id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _WORKER).write_text(worker)
    return folder


def remove_folder(settings: Settings, run_id: str) -> None:
    """Remove a run's files; nothing happens where there are none."""
    shutil.rmtree(folder_of(settings, run_id), ignore_errors=True)


def sweep(settings: Settings, is_gone: Callable[[str], bool]) -> list[str]:
    """Remove the files of workers that are gone; the ids of their runs."""
    removed = []
    for folder in (settings.home_path / "scratch").glob("*"):
        if _is_left_behind(folder, is_gone):
            remove_folder(settings, folder.name)
            removed.append(folder.name)
    return removed


def _is_left_behind(folder: Path, is_gone: Callable[[str], bool]) -> bool:
    with suppress(FileNotFoundError):
        if is_gone((folder / _WORKER).read_text()):
            return True
    with suppress(FileNotFoundError):
        return time.time() - folder.stat().st_mtime > FORGOTTEN_SECONDS
    return False

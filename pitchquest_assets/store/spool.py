"""Results that the database could not take: JSON files that wait until it can."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from pitchquest_assets.errors import StoreCorrupt, UnknownVideo
from pitchquest_assets.model import PitchResult
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.objects import write_whole
from pitchquest_assets.store.rows import erasures, results
from pitchquest_assets.store.store import Store


class Recovered(NamedTuple):
    """What happened to one spooled result."""

    video_id: str
    job_id: str
    stored: bool

    def __str__(self) -> str:
        done = "is stored" if self.stored else "was overtaken by a newer one and is in backup/"
        return f"The result of {self.video_id} from run {self.job_id} {done}."


def spool_folder(settings: Settings) -> Path:
    """Return the folder in which results wait."""
    return settings.home_path / "spool"


def backup_folder(settings: Settings) -> Path:
    """Return the folder of copies that nothing waits for."""
    return settings.home_path / "backup"


def file_name(video_id: str, job_id: str) -> str:
    """Return the name of a result's file."""
    return f"{video_id}_{job_id}.json"


def write(folder: Path, result: PitchResult) -> Path:
    """Write a result to its own file, whole or not at all; return the file's path.

    Raises:
        StoreUnavailable: the folder cannot be written either.
    """
    path = folder / file_name(result.video_id, result.job_id)
    write_whole(path, result.model_dump_json().encode())
    return path


def waiting(settings: Settings) -> list[Path]:
    """Return the files of the spooled results, oldest first."""
    found = []
    for path in spool_folder(settings).glob("*.json"):
        with suppress(FileNotFoundError):  # another process has just recovered it
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def recover_all(store: Store, settings: Settings) -> tuple[list[Recovered], list[str]]:
    """Store all spooled results.

    Returns:
        What happened to each, and a sentence for every file that has to stay.

    Raises:
        StoreUnavailable: the database still does not answer.
    """
    done, problems = [], []
    for path in waiting(settings):
        try:
            done.append(recover(store, settings, path))
        except (StoreCorrupt, UnknownVideo) as error:
            problems.append(f"{path} stays: {error}")
    return [one for one in done if one], problems


def recover(store: Store, settings: Settings, path: Path) -> Recovered | None:
    """Store one spooled result, exactly once, and set its video to 'completed'.

    If the video has a newer result by now, the file goes to the backup folder instead.

    Returns:
        What happened to it; None if another process was faster, or if its video was deleted: the
        file is removed then.

    Raises:
        StoreUnavailable: the database still does not answer; the file stays.
        StoreCorrupt: the file is not a result; it stays.
        UnknownVideo: the video is no longer registered; the file stays.
    """
    try:
        result = PitchResult.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise StoreCorrupt(
            f"{path} is not a result of this version of PitchQuest: move it away, and retry its "
            "video."
        ) from error
    newest = results.get_result(store, result.video_id)
    if newest is not None and newest.timestamp > result.timestamp:
        backup = backup_folder(settings)
        backup.mkdir(parents=True, exist_ok=True)
        path.replace(backup / path.name)
        return Recovered(result.video_id, result.job_id, stored=False)
    try:
        # Storing it twice does no harm: the row is the same.
        results.save_result(store, result)
    except UnknownVideo:
        if not erasures.erased_among(store, [result.video_id]):
            raise
        path.unlink(missing_ok=True)
        return None
    path.unlink(missing_ok=True)
    return Recovered(result.video_id, result.job_id, stored=True)

"""Results that the database could not take: they wait as JSON until it can.

If several machines share an object store, the results wait there, and any machine stores them. Only
what the object store could not take either waits in a folder of this machine.
"""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import ValidationError

from pitchquest_assets.errors import PitchQuestError, StoreCorrupt, UnknownVideo
from pitchquest_assets.model import PitchResult
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.objects import write_whole
from pitchquest_assets.store.rows import erasures, results
from pitchquest_assets.store.store import Store

OBJECTS = "spool"
"""The folder of the object store in which results wait."""


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


def video_id_of(path: str) -> str:
    """Return the video of a spooled result by its path or name; the id of a run has no `_`."""
    return path.rpartition("/")[2].rpartition("_")[0]


def keep(store: Store, settings: Settings, result: PitchResult) -> str:
    """Set a result aside for the database; return where it waits.

    Raises:
        StoreUnavailable: neither the object store nor the folder takes it.
    """
    if store.has_video_bucket:
        name = f"{OBJECTS}/{file_name(result.video_id, result.job_id)}"
        with suppress(PitchQuestError):
            store.objects.put(name, result.model_dump_json().encode(), "application/json")
            return f"the object {name}"
    return str(write(spool_folder(settings), result))


def write(folder: Path, result: PitchResult) -> Path:
    """Write a result to its own file, whole or not at all; return the file's path.

    Raises:
        StoreUnavailable: the folder cannot be written either.
    """
    path = folder / file_name(result.video_id, result.job_id)
    write_whole(path, result.model_dump_json().encode())
    return path


def waiting(settings: Settings) -> list[Path]:
    """Return the files of the spooled results of this machine, oldest first."""
    found = []
    for path in spool_folder(settings).glob("*.json"):
        with suppress(FileNotFoundError):  # another process has just recovered it
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def waiting_objects(store: Store) -> list[str]:
    """Return the paths of the spooled results in the object store of several machines.

    Raises:
        StoreUnavailable: the object store does not answer.
    """
    return store.objects.names(OBJECTS) if store.has_video_bucket else []


def recover_all(store: Store, settings: Settings) -> tuple[list[Recovered], list[str]]:
    """Store all spooled results of this machine, and those in the object store.

    Returns:
        What happened to each, and a sentence for every one that has to stay.

    Raises:
        StoreUnavailable: the database or the object store still does not answer.
    """
    done, problems = [], []
    results_here: list[_Spooled] = [_File(path, settings) for path in waiting(settings)]
    objects = [_Object(store, path, settings) for path in waiting_objects(store)]
    for one in (*results_here, *objects):
        try:
            done.append(_recover(store, one))
        except (StoreCorrupt, UnknownVideo) as error:
            problems.append(f"{one.place} stays: {error}")
    return [one for one in done if one], problems


def recover(store: Store, settings: Settings, path: Path) -> Recovered | None:
    """Store the spooled result in a file, exactly once, and set its video to 'completed'.

    If the video has a newer result by now, the file goes to the backup folder instead.

    Returns:
        What happened to it; None if another process was faster, or if its video was deleted: the
        file is removed then.

    Raises:
        StoreUnavailable: the database still does not answer; the file stays.
        StoreCorrupt: the file is not a result; it stays.
        UnknownVideo: the video is no longer registered; the file stays.
    """
    return _recover(store, _File(path, settings))


def recover_of_run(
    store: Store, settings: Settings, video_id: str, job_id: str
) -> Recovered | None:
    """Store the result of one run, if it was spooled where this machine can see; like `recover`."""
    name = file_name(video_id, job_id)
    done = recover(store, settings, spool_folder(settings) / name)
    if done is None and store.has_video_bucket:
        done = _recover(store, _Object(store, f"{OBJECTS}/{name}", settings))
    return done


def _recover(store: Store, spooled: "_Spooled") -> Recovered | None:
    try:
        result = PitchResult.model_validate_json(spooled.read())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise StoreCorrupt(
            f"{spooled.place} is not a result of this version of PitchQuest: move it away, and "
            "retry its video."
        ) from error
    newest = results.get_result(store, result.video_id)
    if newest is not None and newest.timestamp > result.timestamp:
        spooled.set_aside()
        return Recovered(result.video_id, result.job_id, stored=False)
    try:
        # Storing it twice does no harm: the row is the same.
        results.save_result(store, result)
    except UnknownVideo:
        if not erasures.erased_among(store, [result.video_id]):
            raise
        spooled.remove()
        return None
    spooled.remove()
    return Recovered(result.video_id, result.job_id, stored=True)


class _Spooled(Protocol):
    """One result that waits somewhere."""

    @property
    def place(self) -> str: ...

    def read(self) -> bytes:
        """Return its JSON; FileNotFoundError if it no longer waits."""

    def remove(self) -> None:
        """Remove it, if it is still there."""

    def set_aside(self) -> None:
        """Move it to the backup folder."""


class _File(NamedTuple):
    """A result in the spool folder."""

    path: Path
    settings: Settings

    @property
    def place(self) -> str:
        return str(self.path)

    def read(self) -> bytes:
        return self.path.read_bytes()

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def set_aside(self) -> None:
        backup = backup_folder(self.settings)
        backup.mkdir(parents=True, exist_ok=True)
        self.path.replace(backup / self.path.name)


class _Object(NamedTuple):
    """A result in the object store."""

    store: Store
    path: str
    settings: Settings

    @property
    def place(self) -> str:
        return f"The object {self.path}"

    def read(self) -> bytes:
        return self.store.objects.get(self.path)

    def remove(self) -> None:
        self.store.objects.delete(self.path)

    def set_aside(self) -> None:
        write_whole(backup_folder(self.settings) / Path(self.path).name, self.read())
        self.remove()

"""Finds the files of this machine that are about an erased video."""

import base64
import json
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from pitchquest_assets.automation.dagster_erasure import pattern_of
from pitchquest_assets.media.caption_files import beside
from pitchquest_assets.registration import video_id_of
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import spool
from pitchquest_assets.store.rows.erasures import Erasure, erased_among
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.video_bucket import is_in_bucket

COVER = b"-"


def files_about(settings: Settings, erasure: Erasure) -> list[Path]:
    """Return the files about a video: what was made of it, and its upload if that is ours.

    A file that a person named to `submit` or `analyze` is theirs, unless it lies in the inbox or
    under PITCHQUEST_HOME.
    """
    made = [path for path, video_id in _made_files(settings) if video_id == erasure.video_id]
    made += _broken_off(settings, erasure.video_id)
    if erasure.keeps_files:
        return made
    return [*made, *(path for path in _uploads(settings, erasure) if path.is_file())]


def theirs(settings: Settings, erasure: Erasure) -> Path | None:
    """Return the file of an upload that stays where it is, because it is not ours."""
    if not erasure.file_path:
        return None
    path = Path(erasure.file_path)
    is_local = not is_in_bucket(erasure.file_path) and path.is_file()
    return path if is_local and path not in files_about(settings, erasure) else None


def remove_made_files(store: Store, settings: Settings) -> int:
    """Remove what this machine has of videos that were erased by another one; return how many."""
    found = _made_files(settings)
    erased = erased_among(store, sorted({video_id for _, video_id in found}))
    garbage = [path for path, video_id in found if video_id in erased]
    for path in garbage:
        path.unlink(missing_ok=True)
    return len(garbage)


def redact_logs(settings: Settings, video_ids: Collection[str], filenames: Collection[str]) -> None:
    """Overwrite the lines of the logs that name a video; programs keep writing to these logs."""
    names = [re.escape(name) for name in filenames if name]
    named = re.compile("|".join([pattern_of(video_ids), *names]).encode())
    logs = settings.home_path / "logs"
    for log in (*logs.glob("*.log"), settings.home_path / "postgres" / "log"):
        if log.is_file():
            _cover(log, named)


def _cover(log: Path, named: "re.Pattern[bytes]") -> None:
    with log.open("r+b") as file:
        start = 0
        for line in list(file):
            if named.search(line):
                file.seek(start)
                file.write(COVER * len(line.rstrip(b"\n")))
            start += len(line)


def _made_files(settings: Settings) -> list[tuple[Path, str]]:
    """The copies of reports and results on this machine, each with the id of its video."""
    reports = (settings.home_path / "reports").glob("*.html")
    folders = (spool.spool_folder(settings), spool.backup_folder(settings))
    copies = [path for folder in folders for path in folder.glob("*_*.json")]
    return [(path, path.stem) for path in reports] + [
        (path, spool.video_id_of(path.name)) for path in copies
    ]


def _broken_off(settings: Settings, video_id: str) -> Iterator[Path]:
    """The records of interrupted uploads to Storage; their URL ends in the path, in base64."""
    for record in (settings.home_path / "uploads").glob("*.json"):
        with suppress(OSError, ValueError, KeyError):
            name = json.loads(record.read_text())["location"].rpartition("/")[2]
            if f"/{video_id}/".encode() in base64.urlsafe_b64decode(f"{name}=="):
                yield record


def _uploads(settings: Settings, erasure: Erasure) -> Iterator[Path]:
    """The upload and its captions, if they lie in the inbox or under PITCHQUEST_HOME."""
    inbox = settings.inbox.expanduser().absolute() if settings.inbox else None
    # The row of a user names files in the bucket, or none.
    is_local = erasure.owner is None and erasure.file_path and not is_in_bucket(erasure.file_path)
    videos = [Path(erasure.file_path)] if is_local else []
    if inbox and inbox.is_dir():
        # On Supabase, the row names the copy in the bucket.
        videos += [path for path in inbox.iterdir() if video_id_of(path) == erasure.video_id]
    for video in dict.fromkeys(videos):
        captions = beside(video)
        given = erasure.captions_path if is_local else None
        for path in (video, captions, Path(given) if given and not is_in_bucket(given) else None):
            if path and any(
                path.is_relative_to(ours) for ours in (settings.home_path, inbox) if ours
            ):
                yield path

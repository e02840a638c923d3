"""The video as a file on this machine: in its place, or downloaded for one process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import dagster as dg
from pydantic import PrivateAttr

from pitchquest_assets.errors import InvalidVideo, StoreCorrupt
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.model import SourceVideo
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import scratch
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.supabase.video_bucket import is_in_bucket, path_in_bucket
from pitchquest_assets.worker import this_worker


class LocalFile(NamedTuple):
    """A file that can be opened, and its SHA-256 if that is known already."""

    path: Path
    sha256: str | None = None


class LocalFiles(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Local files for those steps of a run that this process executes.

    Steps in one process share them, so a file is downloaded once. They are removed with the
    resource, however the steps end; the files of other processes are left alone.
    """

    store: StoreResource
    _run_id: str = PrivateAttr("")
    _folder: Path | None = PrivateAttr(None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LocalFiles"]:
        """Yield the resource; remove its files after the last step of this process."""
        self._run_id = context.run.run_id if context.run else ""
        try:
            yield self
        finally:
            if self._folder:
                scratch.remove_folder(self._folder)

    def of_row(self, row: VideoRow) -> tuple[LocalFile, LocalFile | None]:
        """Return the video of a row, and its captions or None.

        Raises:
            InvalidVideo: a path is not allowed, or there is no such file in Storage.
            StoreUnavailable: Storage does not answer.
        """
        check_paths(row)
        if self.store.settings.in_force().broker_url is not None:
            check_reach(row)
        captions = row.captions_path
        return (
            self._fetch(row.file_path, "video"),
            self._fetch(captions, "captions") if captions else None,
        )

    def of_source(self, source: SourceVideo) -> LocalVideo:
        """Return the files of a video that was checked before; raises like `of_row`.

        Raises:
            StoreCorrupt: the file in Storage has been replaced since.
        """
        video = self._fetch(source.path, "video")
        if video.sha256 and video.sha256 != source.sha256:
            raise StoreCorrupt(
                f"{source.path} has been replaced since it was read: materialise source_video "
                "again."
            )
        captions = source.captions_path
        return LocalVideo(
            source, video.path, self._fetch(captions, "captions").path if captions else None
        )

    def _fetch(self, file_path: str, name: str) -> LocalFile:
        """The file itself, or its copy for this process, downloaded unless it is there already."""
        settings = self.store.settings.in_force()
        if not is_in_bucket(file_path):
            return LocalFile(Path(file_path))
        bucket = self.store.store().video_bucket
        if bucket is None:
            raise InvalidVideo(
                f"{file_path} is in Supabase Storage: set SUPABASE_URL, SUPABASE_KEY and "
                "DATABASE_URL."
            )
        target = self._scratch(settings) / f"{name}{Path(file_path).suffix.lower()}"
        if target.is_file():
            return LocalFile(target)
        try:
            sha256 = bucket.download(path_in_bucket(file_path, None), target, settings.max_size_mb)
        except FileNotFoundError as error:
            raise InvalidVideo(
                f"{file_path} is not in Supabase Storage: upload it again."
            ) from error
        return LocalFile(target, sha256)

    def _scratch(self, settings: Settings) -> Path:
        """The folder of this process, made at first use."""
        if self._folder is None:
            self._folder = scratch.make_folder(settings, self._run_id, this_worker())
        return self._folder


def check_reach(row: VideoRow) -> None:
    """Make sure that every machine can reach the files of a row.

    Raises:
        InvalidVideo: a file is a path of one machine.
    """
    for path in (row.file_path, row.captions_path):
        if path is not None and not is_in_bucket(path):
            raise InvalidVideo(
                f"{path} is a file of one machine, and several share the work: `pitchquest submit` "
                "uploads it."
            )


def check_paths(row: VideoRow) -> None:
    """Make sure that a row names files that its owner may read.

    Raises:
        InvalidVideo: it does not.
    """
    for path in (row.file_path, row.captions_path):
        if path is None:
            continue
        if is_in_bucket(path) or row.owner is not None:
            path_in_bucket(path, row.owner)
        elif not Path(path).is_absolute():
            raise InvalidVideo(f"{path} is not an absolute path: register the file again.")

"""The video on this machine: where it is already, or streamed from Storage for one run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from pitchquest_assets.errors import InvalidVideo, StoreCorrupt
from pitchquest_assets.model import SourceVideo
from pitchquest_assets.store import scratch
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.supabase.video_bucket import is_in_bucket, path_in_bucket
from pitchquest_assets.worker import this_worker


class LocalFile(NamedTuple):
    """A file that can be opened, and its SHA-256 where it is known already."""

    path: Path
    sha256: str | None = None


class LocalFiles(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Files of this machine for the steps of one run, removed at its end however that is."""

    store: StoreResource

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LocalFiles"]:
        """The resource; after the run its files go."""
        try:
            yield self
        finally:
            if context.run:
                scratch.remove_folder(self.store.settings.in_force(), context.run.run_id)

    def of_row(self, run_id: str, row: VideoRow) -> tuple[LocalFile, LocalFile | None]:
        """The video and the captions of a row.

        Raises:
            InvalidVideo: a path leads elsewhere, or there is no such file in Storage.
            StoreUnavailable: Storage does not answer.
        """
        check_paths(row)
        captions = row.captions_path
        return (
            self._fetch(run_id, row.file_path, "video"),
            self._fetch(run_id, captions, "captions") if captions else None,
        )

    def of_source(self, run_id: str, source: SourceVideo) -> SourceVideo:
        """The same video with paths that can be opened here; raises like `of_row`.

        Raises:
            StoreCorrupt: the file in Storage is another one by now.
        """
        video = self._fetch(run_id, source.path, "video")
        if video.sha256 and video.sha256 != source.sha256:
            raise StoreCorrupt(
                f"{source.path} was replaced since it was read: materialise source_video again."
            )
        captions = source.captions_path
        local = str(self._fetch(run_id, captions, "captions").path) if captions else None
        return source.model_copy(update={"path": str(video.path), "captions_path": local})

    def _fetch(self, run_id: str, file_path: str, name: str) -> LocalFile:
        """The file itself, or its copy for this run, downloaded where it is not there yet."""
        settings = self.store.settings.in_force()
        if not is_in_bucket(file_path):
            return LocalFile(Path(file_path))
        bucket = self.store.store().video_bucket
        if bucket is None:
            raise InvalidVideo(
                f"{file_path} is in Supabase Storage: set SUPABASE_URL, SUPABASE_KEY and "
                "DATABASE_URL."
            )
        target = scratch.folder_of(settings, run_id) / f"{name}{Path(file_path).suffix.lower()}"
        if target.is_file():
            return LocalFile(target)
        scratch.make_folder(settings, run_id, this_worker())
        try:
            path = path_in_bucket(file_path, None)
            sha256 = bucket.download(path, target, settings.max_size_mb)
        except FileNotFoundError as error:
            raise InvalidVideo(
                f"{file_path} is not in Supabase Storage: upload it again."
            ) from error
        return LocalFile(target, sha256)


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
            raise InvalidVideo(f"{path} is no absolute path; register the file again.")

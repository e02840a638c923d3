"""The objects of the IO manager in Supabase Storage: the private bucket `pitchquest`."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from pitchquest_assets.store.objects import check_path
from pitchquest_assets.store.supabase.download import read_object
from pitchquest_assets.store.supabase.storage import OBJECTS, SupabaseStorage

if TYPE_CHECKING:
    from storage3.types import SearchV2Object

PAGE = 1000


class SupabaseObjects:
    """Objects in one bucket; a write replaces any object there, so it may be repeated.

    Every method raises like `SupabaseStorage.call`, and StoreCorrupt for an invalid path.
    """

    def __init__(self, storage: SupabaseStorage, bucket: str = OBJECTS) -> None:
        self.storage, self.bucket = storage, bucket

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Store `data` under the path, replacing any object there."""
        check_path(path)
        self.storage.in_bucket(
            self.bucket,
            path,
            lambda bucket: bucket.upload(
                path, data, {"content-type": media_type, "x-upsert": "true"}
            ),
        )

    def get(self, path: str) -> bytes:
        """Return the bytes; FileNotFoundError if there is no such object."""
        check_path(path)
        return read_object(self.storage, self.bucket, path)

    def delete(self, path: str) -> None:
        """Remove the object, if there is one."""
        check_path(path)
        self.storage.in_bucket(self.bucket, path, lambda bucket: bucket.remove([path]))

    def exists(self, path: str) -> bool:
        """Whether there is such an object."""
        check_path(path)
        return self.storage.in_bucket(self.bucket, path, lambda bucket: bucket.exists(path))

    def written_before(self, moment: datetime) -> Iterator[str]:
        """Yield the paths of the objects last written before `moment`."""
        return (found.name for found in self._below("") if found.updated_at < moment)

    def names(self, folder: str) -> list[str]:
        """Return the paths of the objects in a folder, without its subfolders, sorted by name."""
        paths = [found.name for found in self._below(f"{check_path(folder)}/")]
        return sorted(path for path in paths if path.count("/") == folder.count("/") + 1)

    def delete_folder(self, folder: str) -> None:
        """Remove every object below a path."""
        for found in list(self._below(f"{check_path(folder)}/")):
            self.delete(found.name)

    def _below(self, prefix: str) -> Iterator["SearchV2Object"]:
        cursor: str | None = None
        while True:
            # The cursor is a name, so objects removed meanwhile do not make it skip any.
            options = {"limit": PAGE, "prefix": prefix} | ({"cursor": cursor} if cursor else {})
            page = self.storage.in_bucket(
                self.bucket,
                "",
                lambda bucket, options=options: bucket.list_v2(options),  # type: ignore[misc]
            )
            yield from page.objects
            if not page.hasNext:
                return
            cursor = page.nextCursor

    def tidy(self, moment: datetime) -> None:
        """Do nothing: Storage itself removes unfinished uploads."""

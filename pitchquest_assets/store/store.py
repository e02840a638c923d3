"""The store: the database and the objects together; light to import, connected at first use."""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.objects import FolderObjects, ObjectStore
from pitchquest_assets.store.postgres import migrate
from pitchquest_assets.store.postgres.database import embedded_engine, in_transaction, remote_engine
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.project import Project, check_buckets, project_of
from pitchquest_assets.store.supabase.video_bucket import VideoBucket

T = TypeVar("T")

_opened: dict[tuple[int, str, Project | None], "Store"] = {}
_opening = threading.Lock()


class Store:
    """The database and the object store that belong together.

    Storage is checked at the first access to objects or uploads, so code that needs only rows never
    asks it.

    Args:
        check: raises if Storage lacks what is needed; called once.
    """

    def __init__(
        self,
        engine: Engine,
        objects: ObjectStore,
        video_bucket: VideoBucket | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        self.engine = engine
        self._objects, self._video_bucket, self._check = objects, video_bucket, check

    @property
    def objects(self) -> ObjectStore:
        """The object store; the first access raises like `check_storage`."""
        self.check_storage()
        return self._objects

    @property
    def video_bucket(self) -> VideoBucket | None:
        """The uploads in Storage; None if they are files on this machine. Raises like `objects`."""
        self.check_storage()
        return self._video_bucket

    @property
    def has_video_bucket(self) -> bool:
        """Whether uploads are in Storage; does not ask Storage."""
        return self._video_bucket is not None

    def check_storage(self) -> None:
        """Check the buckets and the key, unless an earlier check succeeded.

        Raises:
            SettingsError: a bucket does not exist, or the key is refused or can read nothing.
            StoreUnavailable: Storage does not answer.
        """
        if self._check is not None:
            self._check()
            self._check = None

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run the idempotent `work` in one transaction; again if the connection is lost.

        Raises:
            StoreUnavailable: the database did not answer, several times in a row.
        """
        return in_transaction(self.engine, work)


def open_store(settings: Settings) -> Store:
    """Return the store of these settings, one per process, with every migration applied.

    Starts the embedded database if the variables for Supabase are not set.

    Raises:
        SettingsError: some but not all of the variables for Supabase are set, or one is unusable.
        StoreUnavailable: the database cannot be started or does not answer.
    """
    # A forked process must not share its parent's connections.
    key = (os.getpid(), str(settings.home_path), project_of(settings))
    with _opening:
        if key not in _opened:
            _opened[key] = _open(settings)
        return _opened[key]


def _open(settings: Settings) -> Store:
    engine = open_engine(settings)
    migrate.migrate(engine)
    project = project_of(settings)
    if project is None:
        return Store(engine, FolderObjects(settings.home_path / "objects"))
    storage = project.storage()
    return Store(
        engine,
        SupabaseObjects(storage),
        VideoBucket(storage, settings.home_path / "uploads"),
        check=lambda: check_buckets(storage, engine),
    )


def open_engine(settings: Settings) -> Engine:
    """Return a new engine for the database of these settings, without applying migrations.

    Raises:
        SettingsError: some but not all of the variables for Supabase are set, or one is unusable.
    """
    project = project_of(settings)
    return remote_engine(project.database_url) if project else embedded_engine(settings.home_path)

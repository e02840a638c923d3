"""The one door to the database and the objects; light to import, connected on first use."""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from pitchquest_assets.settings import Settings
from pitchquest_assets.store import migrate
from pitchquest_assets.store.database import embedded_engine, in_transaction, remote_engine
from pitchquest_assets.store.objects import FolderObjects, ObjectStore
from pitchquest_assets.store.project import Project, check_buckets, project_of
from pitchquest_assets.store.supabase_objects import SupabaseObjects
from pitchquest_assets.store.video_bucket import VideoBucket

T = TypeVar("T")

_opened: dict[tuple[int, str, Project | None], "Store"] = {}
_opening = threading.Lock()


class Store:
    """The database and the object store that belong together.

    `video_bucket` holds the uploads; None where they are files of this machine.
    """

    def __init__(
        self, engine: Engine, objects: ObjectStore, video_bucket: VideoBucket | None = None
    ) -> None:
        self.engine = engine
        self.objects = objects
        self.video_bucket = video_bucket

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run the idempotent `work` in one transaction, again where the connection was lost.

        Raises:
            StoreUnavailable: the database did not answer, several times in a row.
        """
        return in_transaction(self.engine, work)


def open_store(settings: Settings) -> Store:
    """The store of these settings, one per process, with every migration applied.

    Starts the embedded database where the variables for Supabase are not set.

    Raises:
        SettingsError: some but not all of the variables for Supabase are set, or one is not fit.
        StoreUnavailable: the database or Storage cannot be started or does not answer.
    """
    # A forked process must not share the connections of its parent.
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
    check_buckets(storage, engine)
    return Store(engine, SupabaseObjects(storage), VideoBucket(storage))


def open_engine(settings: Settings) -> Engine:
    """A new engine on the database of these settings, which leaves its schema as it is.

    Raises:
        SettingsError: some but not all of the variables for Supabase are set, or one is not fit.
    """
    project = project_of(settings)
    return remote_engine(project.database_url) if project else embedded_engine(settings.home_path)

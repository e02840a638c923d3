"""The one door to the database and the objects; light to import, connected on first use."""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import migrate
from pitchquest_assets.store.database import embedded_engine, in_transaction, remote_engine
from pitchquest_assets.store.objects import FolderObjects, ObjectStore

T = TypeVar("T")

_opened: dict[tuple[int, str, str], "Store"] = {}
_opening = threading.Lock()


class Store:
    """The database and the object store that belong together."""

    def __init__(self, engine: Engine, objects: ObjectStore) -> None:
        self.engine = engine
        self.objects = objects

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run the idempotent `work` in one transaction, again where the connection was lost.

        Raises:
            StoreUnavailable: the database did not answer, several times in a row.
        """
        return in_transaction(self.engine, work)


def open_store(settings: Settings) -> Store:
    """The store of these settings, one per process, with every migration applied.

    Starts the embedded database where DATABASE_URL is not set.

    Raises:
        SettingsError: some but not all of the variables for Supabase are set.
        StoreUnavailable: the database cannot be started or does not answer.
    """
    # A forked process must not share the connections of its parent.
    key = (os.getpid(), str(settings.home_path), _database_url(settings) or "")
    with _opening:
        if key not in _opened:
            engine = open_engine(settings)
            migrate.migrate(engine)
            _opened[key] = Store(engine, FolderObjects(settings.home_path / "objects"))
        return _opened[key]


def open_engine(settings: Settings) -> Engine:
    """A new engine on the database of these settings, which leaves its schema as it is.

    Raises:
        SettingsError: some but not all of the variables for Supabase are set.
    """
    database_url = _database_url(settings)
    return remote_engine(database_url) if database_url else embedded_engine(settings.home_path)


def _database_url(settings: Settings) -> str | None:
    """DATABASE_URL, or None for the embedded database."""
    variables = {
        "SUPABASE_URL": settings.supabase_url,
        "SUPABASE_KEY": settings.supabase_key,
        "DATABASE_URL": settings.database_url,
    }
    missing = [name for name, value in variables.items() if not value]
    if len(missing) == len(variables):
        return None
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} must be set too, or none of {', '.join(variables)}: "
            "without them the embedded database is used."
        )
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()

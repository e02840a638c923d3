"""Dagster's own storage: a database beside ours, found without any setting, its connections kept.

Dagster opens a connection for each query, some 1,000 a minute while nothing happens. Here the
three storages of a process share one small pool.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import dagster as dg
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)
from sqlalchemy import Engine, create_engine, event

from pitchquest_assets.dagster_private import SqlEventLogStorage
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres.database import CONNECT_TIMEOUT_SECONDS, ENDS_WHEN_CUT
from pitchquest_assets.store.postgres.embedded import dagster_url

POOL_SIZE = 2
# For the web server, which answers several requests at a time.
MAX_OVERFLOW = 10
RECYCLE_SECONDS = 3600
# A key that is retired has not been used for days.
PARTITION_KNOWN_SECONDS = 60.0

# Two for each input of each step, a third of all events, which say no more than the graph does.
NOT_STORED = (dg.DagsterEventType.LOADED_INPUT, dg.DagsterEventType.STEP_INPUT)

P = TypeVar("P", bound="Pooled")

_engines: dict[tuple[str, int | None], Engine] = {}
_making = threading.Lock()
_with_tables: set[str] = set()
_answered_yes: set[tuple[str, ...]] = set()


class Pooled:
    """One of Dagster's storages; uses the engine of the process instead of one made for it."""

    postgres_url: str
    _timeout_ms: int | None = None

    @property
    def _engine(self) -> Engine:
        return _engine_of(self.postgres_url, self._timeout_ms)

    @_engine.setter
    def _engine(self, made: Engine) -> None:
        """Leave Dagster's own engine, which keeps no connection, unused."""

    def optimize_for_webserver(
        self, statement_timeout: int, pool_recycle: int, max_overflow: int
    ) -> None:
        """End statements that take longer (milliseconds); the pool stays as it is."""
        self._timeout_ms = statement_timeout


def _remembers(*names: str) -> Callable[[type[P]], type[P]]:
    """Make a process ask a storage these questions only once if the answer is yes.

    Dagster asks whether its own tables, columns and migrations exist with every query, several
    hundred times a minute; what exists does not go away.
    """

    def remembering(storage: type[P]) -> type[P]:
        for name in names:
            setattr(storage, name, _remembered(name, getattr(storage, name)))
        return storage

    return remembering


def _remembered(name: str, ask: Callable[..., bool]) -> Callable[..., bool]:
    def asked(self: Pooled, *question: Any) -> bool:
        # Anything but a string is a connection.
        key = (self.postgres_url, name, *(one for one in question if isinstance(one, str)))
        if key not in _answered_yes and ask(self, *question):
            _answered_yes.add(key)
        return key in _answered_yes

    return asked


@_remembers(
    "has_built_index",
    "has_run_stats_index_cols",
    "has_bulk_actions_selector_cols",
    "has_backfill_id_column",
    "has_bulk_action_job_name_column",
    "has_backfill_tags_table",
)
class PooledRunStorage(Pooled, PostgresRunStorage):
    """Runs."""


@_remembers(
    "_has_instigators_table",
    "_has_asset_daemon_asset_evaluations_table",
    "has_instigators_table",
    "has_secondary_index_table",
    "has_built_index",
)
class PooledScheduleStorage(Pooled, PostgresScheduleStorage):
    """Sensors, schedules and their ticks."""


@_remembers(
    "_has_asset_key_col_on_connection",
    "has_table",
    "has_asset_key_col",
    "has_secondary_index",
    "has_default_pool_limit_col",
    "has_concurrency_limits_table",
)
class PooledEventLogStorage(Pooled, PostgresEventLogStorage):
    """Events, assets and partitions; remembers for a minute that a partition exists."""

    def __init__(self, postgres_url: str, should_autocreate_tables: bool = True) -> None:
        self._partitions: dict[tuple[str, str], float] = {}
        super().__init__(postgres_url, should_autocreate_tables)

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event, unless it says that a step has got an input.

        `PostgresEventLogStorage` would also notify listeners that Dagster no longer has.
        """
        if event.dagster_event_type not in NOT_STORED:
            SqlEventLogStorage.store_event(self, event)

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Return whether the key exists, or did so a minute ago."""
        question, now = (partitions_def_name, partition_key), time.monotonic()
        if self._partitions.get(question, 0) > now:
            return True
        # One at a time is enough for a run; keeping more would fill a daemon that runs for months.
        self._partitions.clear()
        if super().has_dynamic_partition(*question):
            self._partitions[question] = now + PARTITION_KNOWN_SECONDS
        return question in self._partitions


class PitchQuestStorage(DagsterPostgresStorage):
    """Runs, events and schedules at DAGSTER_POSTGRES_URL, by default in the embedded PostgreSQL.

    dagster.yaml names this class under `storage: custom`, so that plain `dagster` commands work
    without any settings; `env: DAGSTER_POSTGRES_URL` would fail without the variable.
    """

    def __init__(self, postgres_url: str, inst_data: Any = None) -> None:
        # The code server opens an instance for each tick; whether the tables exist is asked only
        # once.
        create = postgres_url not in _with_tables
        self.postgres_url, self.should_autocreate_tables = postgres_url, create
        self._inst_data = inst_data
        self._run_storage = PooledRunStorage(postgres_url, create)
        self._event_log_storage = PooledEventLogStorage(postgres_url, create)
        self._schedule_storage = PooledScheduleStorage(postgres_url, create)
        _with_tables.add(postgres_url)
        # Not Dagster's, which would make three storages without a pool.
        super(DagsterPostgresStorage, self).__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def config_type(cls) -> Any:
        """Return an empty schema: dagster.yaml configures nothing here."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PitchQuestStorage":
        """Return the storage; starts the embedded database if it is needed.

        Raises:
            StoreUnavailable: the embedded database cannot be started.
        """
        url = os.environ.get("DAGSTER_POSTGRES_URL") or dagster_url(load_settings().home_path)
        return cls(url, inst_data=inst_data)


def _engine_of(url: str, timeout_ms: int | None) -> Engine:
    """The engine of this process for a URL; a pre-ping replaces connections that were closed."""
    with _making:
        if (url, timeout_ms) not in _engines:
            _engines[url, timeout_ms] = _new_engine(url, timeout_ms)
        return _engines[url, timeout_ms]


def _new_engine(url: str, timeout_ms: int | None) -> Engine:
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, **ENDS_WHEN_CUT},
        pool_size=POOL_SIZE,
        max_overflow=MAX_OVERFLOW,
        pool_recycle=RECYCLE_SECONDS,
        pool_pre_ping=True,
        pool_use_lifo=True,
    )
    if timeout_ms is not None:

        @event.listens_for(engine, "connect")
        def limit(connection: Any, _: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"set statement_timeout = {int(timeout_ms)}")

    return engine


def _leave_connections_to_the_parent() -> None:
    """Let a forked process open its own; the parent may have held the lock at that moment."""
    global _making
    _making = threading.Lock()
    for engine in _engines.values():
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_connections_to_the_parent)

"""The connection to PostgreSQL: engines, and transactions with retries."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.store.postgres import database_url as urls
from pitchquest_assets.store.postgres import embedded

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 5
# A network that is cut sends no error: without these, a query hangs for a quarter of an hour.
ENDS_WHEN_CUT = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
ATTEMPTS = 5
DISK_FULL, NO_SPACE = "53100", "No space left on device"
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0


def embedded_engine(home: Path) -> Engine:
    """Return an engine for the embedded database; a new connection starts the server if needed."""
    return _engine("postgresql+psycopg://", creator=lambda: embedded.connect(home))


def remote_engine(database_url: str) -> Engine:
    """Return an engine for DATABASE_URL.

    Raises:
        SettingsError: the URL cannot be used.
    """
    url = urls.parse(database_url)
    arguments = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "pitchquest",
        **ENDS_WHEN_CUT,
    }
    return _engine(url.set(drivername="postgresql+psycopg"), connect_args=arguments)


def in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction; if the connection is lost, run it again from the start.

    A commit whose answer was lost may have succeeded, so `work` must be idempotent.

    Raises:
        StoreUnavailable: the database did not answer, several times in a row.
    """
    retrying = Retrying(
        retry=retry_if_exception(_is_passing),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential_jitter(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS),
        reraise=True,
    )
    try:
        for attempt in retrying:
            with attempt, engine.begin() as connection:
                return work(connection)
    except DBAPIError as error:
        if not _is_passing(error):
            raise
        raise StoreUnavailable(why_unanswered(error)) from error
    raise AssertionError("tenacity either returns or raises")


def why_unanswered(error: DBAPIError) -> str:
    """Return the sentence for an error of the connection, or of a database without room."""
    reason = (str(error.orig).strip().splitlines() or ["no reason was given"])[0]
    if getattr(error.orig, "sqlstate", None) == DISK_FULL or NO_SPACE in reason:
        return (
            f"The disk of the database is full ({reason}): free a gigabyte or more, by a lower "
            "RETENTION_DAYS for example, and try again."
        )
    return f"The database does not answer ({reason}): check that it runs and try again."


def violated(error: IntegrityError) -> str | None:
    """Return the name of the constraint, or of the rule of a trigger, that refused a row."""
    return error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None


def _is_passing(error: BaseException) -> bool:
    """Whether another try may succeed: refused, cut off, shutting down, overloaded, deadlock."""
    return isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _engine(url: object, **options: object) -> Engine:
    # The pre-ping replaces pooled connections that a restart of the server has closed.
    return create_engine(url, pool_pre_ping=True, use_native_hstore=False, **options)  # type: ignore[call-overload,no-any-return]

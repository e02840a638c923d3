"""The connection to PostgreSQL: engines, and transactions with retries."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from pitchquest_assets.errors import SettingsError, StoreUnavailable
from pitchquest_assets.store.postgres import embedded

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 5
ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
TRANSACTION_POOLER_PORT = 6543
# This is how Supabase's dashboard shows a URL.
PLACEHOLDER = "[YOUR-PASSWORD]"


def embedded_engine(home: Path) -> Engine:
    """Return an engine for the embedded database; a new connection starts the server if needed."""

    def connect() -> psycopg.Connection:
        return psycopg.connect(embedded.start(home), connect_timeout=CONNECT_TIMEOUT_SECONDS)

    return _engine("postgresql+psycopg://", creator=connect)


def remote_engine(database_url: str) -> Engine:
    """Return an engine for DATABASE_URL, whatever driver its scheme names.

    Raises:
        SettingsError: the URL cannot be parsed, or is that of the transaction pooler.
    """
    if PLACEHOLDER in database_url:
        raise SettingsError(f"DATABASE_URL still has {PLACEHOLDER} in it: put the password there.")
    if "#" in database_url or database_url.count("@") > 1:
        # Left as they are, they would make a part of the password the host name.
        raise SettingsError(
            "DATABASE_URL has an @ or # too many: write those of the password as %40 and %23."
        )
    try:
        url = make_url(database_url)
    except (ValueError, ArgumentError):
        url = None  # the error's text may contain a part of the password
    if url is None or url.get_backend_name() not in ("postgresql", "postgres"):
        raise SettingsError("DATABASE_URL is not a URL of the form postgresql://….")
    if url.port == TRANSACTION_POOLER_PORT:
        raise SettingsError(
            f"DATABASE_URL is the transaction pooler's (port {TRANSACTION_POOLER_PORT}), where "
            "session state gets lost: use the direct connection or the session pooler, port 5432."
        )
    arguments = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": "pitchquest"}
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
        reason = str(error.orig).strip().splitlines()[0]
        raise StoreUnavailable(
            f"The database does not answer ({reason}): check that it runs and try again."
        ) from error
    raise AssertionError("tenacity either returns or raises")


def _is_passing(error: BaseException) -> bool:
    """Whether another try may succeed: refused, cut off, shutting down, overloaded, deadlock."""
    return isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _engine(url: object, **options: object) -> Engine:
    # The pre-ping replaces pooled connections that a restart of the server has closed.
    return create_engine(url, pool_pre_ping=True, use_native_hstore=False, **options)  # type: ignore[call-overload,no-any-return]

"""Applies store/migrations/*.sql with the file names and the bookkeeping of the Supabase CLI.

`supabase db push` and `pitchquest migrate` can therefore take turns on one project: each sees in
`supabase_migrations.schema_migrations` what the other has done.
"""

import logging
import re
from pathlib import Path
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection, Engine, text

from pitchquest_assets.store.postgres.database import in_transaction

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parents[1] / "migrations"
BOOTSTRAP = Path(__file__).parent / "bootstrap.sql"
# Any number that no other program on this database uses for a lock.
ADVISORY_LOCK = 7_205_759_403_792_793


class Migration(NamedTuple):
    """One file, `<version>_<name>.sql`."""

    version: str
    name: str
    sql: str


def migrate(engine: Engine) -> list[str]:
    """Apply the missing migrations, each in one transaction with its bookkeeping row.

    It may run twice and in several processes at once: they wait for each other. If the API roles or
    auth.uid() are missing, as in the embedded database, they are created first.

    Returns:
        The versions applied by this call, oldest first.
    """
    if not pending(engine):
        return []
    in_transaction(engine, _prepare)
    done = [m.version for m in _files() if in_transaction(engine, lambda c, m=m: _apply(c, m))]  # type: ignore[misc]
    # PostgREST would answer from what it has read at its start.
    in_transaction(engine, lambda c: c.execute(text("notify pgrst, 'reload schema'")))
    return done


def pending(engine: Engine) -> list[str]:
    """Return the versions that are not applied yet, oldest first."""
    applied = in_transaction(engine, _applied)
    return [migration.version for migration in _files() if migration.version not in applied]


def _files() -> list[Migration]:
    found = []
    for file in sorted(FOLDER.glob("*.sql")):
        match = re.fullmatch(r"([0-9]+)_(.*)\.sql", file.name)
        assert match, f"{file.name} is not named <version>_<name>.sql"
        found.append(Migration(match[1], match[2], file.read_text(encoding="utf-8")))
    return found


def _applied(connection: Connection) -> set[str]:
    table = "supabase_migrations.schema_migrations"
    if connection.scalar(text("select to_regclass(:table)"), {"table": table}) is None:
        return set()
    return set(connection.scalars(text(f"select version from {table}")))


def _prepare(connection: Connection) -> None:
    _lock(connection)
    has_supabase = connection.scalar(
        text(
            "select to_regprocedure('auth.uid()') is not null and count(*) = 3 from pg_roles"
            " where rolname in ('anon', 'authenticated', 'service_role')"
        )
    )
    if not has_supabase:
        _execute_script(connection, BOOTSTRAP.read_text(encoding="utf-8"))
    # As the Supabase CLI creates it, column by column.
    _execute_script(
        connection,
        """
        create schema if not exists supabase_migrations;
        create table if not exists supabase_migrations.schema_migrations
          (version text not null primary key);
        alter table supabase_migrations.schema_migrations
          add column if not exists statements text[];
        alter table supabase_migrations.schema_migrations add column if not exists name text;
        """,
    )


def _apply(connection: Connection, migration: Migration) -> bool:
    _lock(connection)
    if migration.version in _applied(connection):
        return False
    _execute_script(connection, migration.sql)
    connection.execute(
        text(
            "insert into supabase_migrations.schema_migrations (version, name, statements)"
            " values (:version, :name, array[:sql])"
        ),
        migration._asdict(),
    )
    return True


def _lock(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def _execute_script(connection: Connection, sql: str) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.add_notice_handler(_log_warning)
    try:
        # Without parameters, the driver sends the script unchanged, percent signs included.
        connection.execution_options(no_parameters=True).exec_driver_sql(sql)
    finally:
        driver.remove_notice_handler(_log_warning)


def _log_warning(notice: psycopg.errors.Diagnostic) -> None:
    """Log a migration's warning about something that Supabase does not let us do."""
    if notice.severity_nonlocalized == "WARNING":
        logger.warning(notice.message_primary)

"""Rewrites the files of the embedded database, which keep the bytes of deleted rows."""

from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from pitchquest_assets.store.postgres import embedded

# A table is copied, and nobody can use it meanwhile.
LARGEST_BYTES = 1_000_000_000
LOCK_TIMEOUT = "10s"
_DATABASES = "select datname from pg_database where not datistemplate"
_TABLES = """
    select nspname, relname from pg_class join pg_namespace as n on n.oid = relnamespace
    where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')
      and pg_total_relation_size(pg_class.oid) < %s
"""
# What the planner remembers of the values in tables, even in those that are empty now.
_FORGET_VALUES = "delete from pg_statistic"


def rewrite(home: Path) -> None:
    """Rewrite every table of the embedded database, and drop the log of what was written before.

    Afterwards no file under `home` has the bytes of rows that were deleted earlier, except in
    tables that are larger than LARGEST_BYTES or were in use for LOCK_TIMEOUT.

    Raises:
        StoreUnavailable: the database cannot be started.
    """
    url = make_url(embedded.start(home))
    with psycopg.connect(embedded.start(home), autocommit=True) as server:
        for (database,) in server.execute(_DATABASES).fetchall():
            there = url.set(database=database).render_as_string(hide_password=False)
            with psycopg.connect(there, autocommit=True) as connection:
                _rewrite_tables(connection)
        # The segment that was being written is removed by the second checkpoint.
        for statement in ("checkpoint", "select pg_switch_wal()", "checkpoint"):
            server.execute(statement)


def _rewrite_tables(connection: psycopg.Connection) -> None:
    connection.execute("select set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
    tables = connection.execute(_TABLES, [LARGEST_BYTES]).fetchall()
    connection.execute(_FORGET_VALUES)
    for schema, name in [*tables, ("pg_catalog", "pg_statistic")]:
        table = sql.Identifier(schema, name)
        try:
            connection.execute(sql.SQL("vacuum (full) {}").format(table))
        except psycopg.errors.LockNotAvailable:
            continue
    connection.execute("analyze")

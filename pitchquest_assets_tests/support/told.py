"""Everything that an installation has written down, to look for what should not be there."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from pitchquest_assets.store.postgres import embedded


def all_told(home: Path) -> Iterator[str]:
    """Every row of both databases, Dagster's and ours, and every file outside of them.

    The database's own files hold the rows again; of them only its log is read.
    """
    for url in (embedded.start(home), embedded.dagster_url(home)):
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            tables = text("""
                select format('%I.%I', schemaname, tablename) from pg_tables
                where schemaname not in ('pg_catalog', 'information_schema')
            """)
            for table in connection.scalars(tables).all():
                yield from connection.scalars(text(f"select cast(t as text) from {table} as t"))
        engine.dispose()
    for file in home.rglob("*"):
        inside = file.relative_to(home).parts
        if file.is_file() and (inside[0] != "postgres" or inside[1:] == ("log",)):
            yield file.read_bytes().decode(errors="replace")

"""Where anything is said about a video: both databases, and every file under PITCHQUEST_HOME."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from pitchquest_assets.store.postgres import embedded

TABLES = text("""
    select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')
""")


def traces(home: Path, *words: str, url: str | None = None) -> list[str]:
    """The tables, files and paths that name one of the words, in any case of letters.

    Args:
        url: of our database, if that is not the embedded one.
    """
    wanted = [word.lower() for word in words]
    found = [
        f"{table}: {row}"
        for address in (url or embedded.start(home), embedded.dagster_url(home))
        for table, row in _rows(address)
        if any(word in row.lower() for word in wanted)
    ]
    for file in home.rglob("*"):
        inside = file.relative_to(home)
        # The files of the database hold what its tables do; its log is a text.
        if inside.parts[0] == "postgres" and inside.as_posix() != "postgres/log":
            continue
        content = file.read_bytes().decode(errors="replace") if file.is_file() else ""
        if any(word in f"{inside}\n{content}".lower() for word in wanted):
            found.append(str(inside))
    return found


def _rows(url: str) -> Iterator[tuple[str, str]]:
    """Every row of every table as text, with the table's name."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        for table in connection.scalars(TABLES).all():
            for row in connection.scalars(text(f"select cast(t as text) from {table} as t")):
                yield table, row
    engine.dispose()

"""Databases that look like a Supabase project, inside the embedded server."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from pitchquest_assets.store.postgres import embedded, migrate

PROJECT_SQL = Path(__file__).with_name("project.sql")


def lay_out_project(engine: Engine) -> None:
    """Give an empty database the roles and schemas of a new Supabase project."""
    with engine.begin() as connection:
        for script in (migrate.BOOTSTRAP, PROJECT_SQL):
            connection.execution_options(no_parameters=True).exec_driver_sql(script.read_text())


@contextmanager
def supabase_database(home: Path, *, migrated: bool = True) -> Iterator[str]:
    """Return the URL of a new database with Supabase's roles and schemas, and optionally ours."""
    name = f"supabase_{uuid.uuid4().hex}"
    server_url = make_url(embedded.start(home)).set(drivername="postgresql+psycopg")
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template template0"))
    # Another test may restart the server, and a connection kept from before would be dead.
    server.dispose()
    url = server_url.set(database=name)
    engine = create_engine(url)
    try:
        lay_out_project(engine)
        if migrated:
            migrate.migrate(engine)
        engine.dispose()
        yield url.set(drivername="postgresql").render_as_string(hide_password=False)
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        server.dispose()

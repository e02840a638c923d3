"""Databases that look like a Supabase project, inside the embedded server."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from pitchquest_assets.store import embedded, migrate
from pitchquest_assets_tests.storage_server import Object

# As `Uploader.completeUpload` of supabase/storage ends each upload, resumable ones too.
FINISH_UPLOAD = text("""
    insert into storage.objects (name, owner, owner_id, bucket_id, metadata, version)
    values (:name, :owner, :owner_id, :bucket, cast(:metadata as jsonb), :version)
    on conflict (name, bucket_id) do update set
      metadata = excluded.metadata, version = excluded.version,
      owner = excluded.owner, owner_id = excluded.owner_id
""")
PROJECT_SQL = Path(__file__).with_name("project.sql")


def lay_out_project(engine: Engine) -> None:
    """Give an empty database what a new Supabase project has."""
    with engine.begin() as connection:
        for script in (migrate.BOOTSTRAP, PROJECT_SQL):
            connection.execution_options(no_parameters=True).exec_driver_sql(script.read_text())


def note_upload(engine: Engine, stored: Object) -> None:
    """What the Storage server writes into the database once it has all of a file."""
    values = {
        "name": stored.name,
        "owner": stored.owner,
        "owner_id": stored.owner,
        "bucket": stored.bucket,
        "metadata": json.dumps(stored.metadata()),
        "version": str(uuid.uuid4()),
    }
    with engine.begin() as connection:
        connection.execute(text("set local role service_role"))
        connection.execute(FINISH_UPLOAD, values)


@contextmanager
def supabase_database(home: Path, *, migrated: bool = True) -> Iterator[str]:
    """The URL of a new database with Supabase's roles and schemas, and ours where wanted."""
    name = f"supabase_{uuid.uuid4().hex}"
    server_url = make_url(embedded.start(home)).set(drivername="postgresql+psycopg")
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template template0"))
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

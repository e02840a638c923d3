"""One Supabase project for all tests of the REST interface."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text
from supabase import Client, ClientOptions, create_client

from pitchquest_assets_tests.storage_server import StorageServer, token
from pitchquest_assets_tests.supabase.gateway import gateway
from pitchquest_assets_tests.supabase.postgrest import postgrest
from pitchquest_assets_tests.supabase.project import note_upload, supabase_database

ALICE = UUID("a11ce000-0000-4000-8000-000000000001")
BOB = UUID("b0b00000-0000-4000-8000-000000000002")


@dataclass(frozen=True)
class Project:
    """Where it is, and who may ask."""

    url: str
    database_url: str
    engine: Engine
    storage: StorageServer

    @cache  # noqa: B019  # one project a session
    def client(self, role: str, user: UUID | None = None) -> Client:
        """supabase-py as this role, over HTTP/1.1."""
        options = ClientOptions(httpx_client=httpx.Client(http2=False, timeout=30))
        if user is None:
            return create_client(self.url, token(role), options=options)
        client = create_client(self.url, token("anon"), options=options)
        client.postgrest.auth(token(role, str(user)))
        return client


@pytest.fixture(scope="session")
def whole_project(home: Path) -> Iterator[Project]:
    """The project with its tables, for the whole session."""
    with supabase_database(home) as database_url, postgrest(database_url) as rest:
        engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:", 1))
        with (
            StorageServer(on_upload=lambda stored: note_upload(engine, stored)) as storage,
            gateway(rest, storage.url) as url,
        ):
            yield Project(url, database_url, engine, storage)
        engine.dispose()


@pytest.fixture
def project(whole_project: Project) -> Project:
    """The project, its tables empty."""
    with whole_project.engine.begin() as connection:
        tables = connection.scalars(
            text(
                "select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables"
                " where schemaname = 'public'"
            )
        ).one()
        connection.execute(text(f"truncate {tables}, storage.objects restart identity"))
    return whole_project

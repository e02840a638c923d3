"""A Supabase project as a client meets it: one address for REST and Storage, and its keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import Engine, create_engine
from supabase import Client, ClientOptions, create_client

from pitchquest_assets_tests.support.storage.faults import Faults
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.storage.objects import ObjectsTable
from pitchquest_assets_tests.support.storage.server import StorageServer
from pitchquest_assets_tests.support.supabase_project.database import supabase_database
from pitchquest_assets_tests.support.supabase_project.gateway import gateway
from pitchquest_assets_tests.support.supabase_project.postgrest import postgrest


@dataclass(frozen=True)
class Project:
    """Its address and its clients."""

    url: str
    database_url: str
    engine: Engine
    storage: StorageServer
    # Faults of the gateway, so both REST and Storage have them.
    faults: Faults = field(hash=False)

    @cache  # noqa: B019  # one project a session
    def client(self, role: str, user: UUID | None = None) -> Client:
        """supabase-py as this role, over HTTP/1.1."""
        key = token("anon" if user else role)
        session = token(role, str(user)) if user else key
        options = ClientOptions(
            headers={"Authorization": f"Bearer {session}"},
            httpx_client=httpx.Client(http2=False, timeout=30),
        )
        return create_client(self.url, key, options)


@contextmanager
def supabase_project(home: Path) -> Iterator[Project]:
    """A project with our tables, in the embedded server of `home`."""
    with supabase_database(home) as database_url, postgrest(database_url) as rest:
        psycopg_url = database_url.replace("postgresql:", "postgresql+psycopg:", 1)
        # Another test may restart the server between two tests of these.
        engine = create_engine(psycopg_url, pool_pre_ping=True)
        table = ObjectsTable(engine)
        faults = Faults()
        with (
            StorageServer(
                on_upload=table.upload,
                on_remove=table.remove,
                on_move=table.move,
                may_read=table.may_read,
            ) as storage,
            gateway(rest, storage.url, faults) as url,
        ):
            yield Project(url, database_url, engine, storage, faults)
        engine.dispose()

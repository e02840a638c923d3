"""A Supabase project for uploads; Storage is played by the statements it sends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.supabase_project.database import supabase_database
from pitchquest_assets_tests.support.uploads import Storage


@pytest.fixture(scope="session")
def engine(home: Path) -> Iterator[Engine]:
    with supabase_database(home) as url:
        # Another test may restart the server between two tests of these.
        psycopg_url = url.replace("postgresql:", "postgresql+psycopg:", 1)
        opened = create_engine(psycopg_url, pool_pre_ping=True)
        yield opened
        opened.dispose()


@pytest.fixture
def project(engine: Engine, tmp_path: Path) -> Store:
    """A store on a Supabase project without a row or a file."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "truncate videos, alerts, analysis_results, storage.objects,"
                " pitchquest.erasures, webhook_events"
            )
        )
        connection.execute(text("update pitchquest.reconciliation set seen_until = now()"))
    return Store(engine, FolderObjects(tmp_path))


@pytest.fixture
def storage(project: Store) -> Storage:
    return Storage(project.engine)


@pytest.fixture
def without_trigger(project: Store) -> Iterator[None]:
    """A project that refused us the trigger on its objects."""
    trigger = "alter table storage.objects {} trigger pitchquest_note_stored_object"
    with project.engine.begin() as connection:
        connection.execute(text(trigger.format("disable")))
    yield
    with project.engine.begin() as connection:
        connection.execute(text(trigger.format("enable")))

"""Storage for the tests: the server of the tests, or a real one by PITCHQUEST_TEST_STORAGE_URL."""

import os
from collections.abc import Iterator

import pytest

from pitchquest_assets.store.supabase import storage as supabase_storage
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets_tests.support.storage.server import StorageServer


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses and timeouts, so that faults cost the tests no time."""
    monkeypatch.setattr(supabase_storage, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supabase_storage, "LONGEST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(supabase_storage, "READ_TIMEOUT_SECONDS", 0.3)


@pytest.fixture
def server(impatient: None) -> Iterator[StorageServer]:
    """A Storage server that can be made to fail."""
    with StorageServer() as running:
        yield running


@pytest.fixture
def storage(server: StorageServer) -> Iterator[SupabaseStorage]:
    """The connection of the pipeline to it."""
    opened = SupabaseStorage(server.url, server.service_key)
    yield opened
    opened.close()


@pytest.fixture
def any_storage(request: pytest.FixtureRequest) -> SupabaseStorage:
    """The real Storage server that PITCHQUEST_TEST_STORAGE_URL and _KEY name, else ours.

    The URL is that of the project; both buckets must be there, private.
    """
    if url := os.environ.get("PITCHQUEST_TEST_STORAGE_URL"):
        return SupabaseStorage(url, os.environ["PITCHQUEST_TEST_STORAGE_KEY"])
    storage: SupabaseStorage = request.getfixturevalue("storage")
    return storage

"""The traps on the way to a Supabase project, each explained in one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from pitchquest_assets.errors import SettingsError, StoreUnavailable
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets_tests.support.storage.keys import PUBLISHABLE_KEY, SECRET_KEY, token
from pitchquest_assets_tests.support.storage.server import StorageServer

Configure = Callable[..., Settings]


@pytest.fixture
def configure(home: Path, server: StorageServer, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Settings of a project whose database is the embedded one; each can be replaced."""

    def configured(**variables: str) -> Settings:
        all_of_them = {
            "PITCHQUEST_HOME": str(home),
            "SUPABASE_URL": server.url,
            "SUPABASE_KEY": server.service_key,
            "DATABASE_URL": embedded.start(home),
            **variables,
        }
        for name, value in all_of_them.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return configured


def test_a_project_keeps_objects_in_its_storage(configure: Configure) -> None:
    store = open_store(configure())
    assert isinstance(store.objects, SupabaseObjects)
    assert store.video_bucket is not None
    assert open_store(configure()) is store
    assert open_store(configure(SUPABASE_KEY=SECRET_KEY)) is not store


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"SUPABASE_KEY": token("anon")}, "has the role 'anon'"),
        ({"SUPABASE_KEY": token("authenticated", "someone")}, "has the role 'authenticated'"),
        ({"SUPABASE_KEY": PUBLISHABLE_KEY}, "is the publishable key"),
        ({"SUPABASE_KEY": "hunter2"}, "is not a Supabase key"),
        ({"SUPABASE_KEY": "a.b.c"}, "is not a Supabase key"),
        ({"SUPABASE_KEY": "eyJh.bm9uZQ.hunter2"}, "is not a Supabase key"),
        ({"SUPABASE_URL": "abc.supabase.co"}, "is not of the form https://"),
        ({"SUPABASE_URL": "https://abc.supabase.co/rest/v1"}, "is not of the form https://"),
        ({"DATABASE_URL": "postgresql://u:[YOUR-PASSWORD]@db:5432/postgres"}, r"\[YOUR-PASSWORD\]"),
        ({"DATABASE_URL": "mysql://u:hunter2@db/x"}, "not a URL of the form postgresql://"),
        ({"DATABASE_URL": "hunter2"}, "not a URL of the form postgresql://"),
        ({"DATABASE_URL": "postgresql://u:hunter2/x@db:54a/y"}, "not a URL of the form"),
    ],
)
def test_a_variable_that_does_not_fit_is_told_without_its_secret(
    configure: Configure, variables: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        open_store(configure(**variables))
    sentence = str(caught.value)
    assert "hunter2" not in sentence
    assert variables.get("SUPABASE_KEY", "no key") not in sentence
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_bucket_that_is_missing_is_named(configure: Configure, server: StorageServer) -> None:
    del server.buckets["pitchquest"]
    with pytest.raises(SettingsError, match=r"'pitchquest' does not exist.*make it in the"):
        open_store(configure()).check_storage()


def test_a_key_that_reads_nothing_is_told_where_the_database_knows_better(
    configure: Configure, server: StorageServer, store: Store
) -> None:
    server.buckets.clear()
    with store.engine.begin() as connection:
        connection.execute(text("create schema storage"))
        connection.execute(text("create table storage.buckets as select 'videos' as id"))
    try:
        with pytest.raises(SettingsError, match="SUPABASE_KEY cannot read the project"):
            open_store(configure()).check_storage()
    finally:
        with store.engine.begin() as connection:
            connection.execute(text("drop schema storage cascade"))


def test_a_key_of_another_project_is_refused(configure: Configure) -> None:
    key = token("service_role", secret="the-secret-of-another-project-32-bytes")
    with pytest.raises(SettingsError, match="does not accept SUPABASE_KEY"):
        open_store(configure(SUPABASE_KEY=key)).check_storage()


def test_a_storage_that_is_away_keeps_nobody_from_the_rows(configure: Configure) -> None:
    store = open_store(configure(SUPABASE_URL="http://127.0.0.1:9"))
    assert videos.find(store, "unknown") is None
    assert store.has_video_bucket
    for access in (lambda: store.objects, lambda: store.video_bucket, store.check_storage):
        with pytest.raises(StoreUnavailable, match="Storage does not answer for the buckets"):
            access()


def test_storage_is_asked_once(configure: Configure, server: StorageServer) -> None:
    store = open_store(configure())
    assert server.requests == []
    for _ in range(2):
        assert store.objects
        assert store.video_bucket
    assert [path for _, path in server.requests] == ["/storage/v1/bucket"]

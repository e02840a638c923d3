from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from pitchquest_assets.cli.doctor import examine as doctor
from pitchquest_assets.cli.doctor import supabase as doctor_supabase
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.storage.server import StorageServer
from pitchquest_assets_tests.support.supabase_project.database import supabase_database
from pitchquest_assets_tests.support.uploads import Storage

Configure = Callable[[str], Settings]


@pytest.fixture
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        yield running


@pytest.fixture
def configure(home: Path, server: StorageServer, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Settings of a project whose database is the embedded one, its URL with this ending."""

    def configured(ending: str) -> Settings:
        monkeypatch.setenv("PITCHQUEST_HOME", str(home))
        monkeypatch.setenv("SUPABASE_URL", server.url)
        monkeypatch.setenv("SUPABASE_KEY", server.service_key)
        monkeypatch.setenv("DATABASE_URL", embedded.start(home) + ending)
        return load_settings()

    return configured


def test_a_page_is_no_rest_interface(configure: Configure, server: StorageServer) -> None:
    server.faults.answers = [(200, {"Content-Type": "text/html"}, b"<h1>Welcome</h1>")]
    with pytest.raises(SettingsError, match="leads to something that is not a REST interface"):
        doctor_supabase.tries()["REST"](configure(""))


def test_a_database_that_refuses_fails_alone(configure: Configure) -> None:
    found = {one.what: one for one in doctor.examine(configure("&nonsense=1"))}
    assert found["database"].state == "failed"
    assert "nonsense" in found["database"].detail
    assert found["uploads"].state == "ok"


def test_before_migrate_nothing_else_is_told(
    home: Path, server: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with supabase_database(home, migrated=False) as url:
        for name, value in (
            ("PITCHQUEST_HOME", str(home)),
            ("SUPABASE_URL", server.url),
            ("SUPABASE_KEY", server.service_key),
            ("DATABASE_URL", url),
        ):
            monkeypatch.setenv(name, value)
        found = doctor.examine(load_settings())
    assert [(one.what, one.state) for one in found] == [
        ("Supabase", "ok"),
        ("database", "ok"),
        ("schema", "failed"),
    ]
    assert "migrations are missing: `pitchquest migrate`" in found[-1].detail


def test_files_that_no_row_is_about_are_named(home: Path) -> None:
    with supabase_database(home) as url:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        assert doctor_supabase._files(engine)[1] == "every video in videos has a row"
        for name in ("phone.3gp", "noextension", "pitch.mp4"):
            Storage(engine).upload(f"{ALICE}/{name}")
        state, told = doctor_supabase._files(engine)
        engine.dispose()
    assert state == "ok"
    assert told.startswith("2 files in videos have no row (")
    assert f"{ALICE}/phone.3gp" in told
    assert "only .mp4, .m4v, .mov, .webm, .mkv, .avi get one" in told

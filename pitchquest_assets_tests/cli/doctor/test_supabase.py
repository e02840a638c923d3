from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pitchquest_assets.cli.doctor import examine as doctor
from pitchquest_assets.cli.doctor import supabase as doctor_supabase
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets_tests.support.storage.server import StorageServer

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

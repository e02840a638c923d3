import pytest

from pitchquest_assets.distributed.readiness import check_machines, lacking_places
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows.run_workers import RunWorker

SHARED = {
    "SUPABASE_URL": "https://project.supabase.co",
    "SUPABASE_KEY": "sb_secret_hush",
    "DATABASE_URL": "postgresql://user:pw@db.example.com:5432/postgres",
    "DAGSTER_POSTGRES_URL": "postgresql+psycopg2://user:pw@db.example.com:5432/dagster",
    "PITCHQUEST_BROKER_URL": "redis://:pw@redis.example.com:6379/0",
}


@pytest.fixture(autouse=True)
def _shared(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SHARED.items():
        monkeypatch.setenv(name, value)


def test_what_every_machine_can_reach_is_accepted() -> None:
    check_machines(load_settings())


@pytest.mark.parametrize("missing", SHARED)
def test_what_is_missing_would_be_on_one_machine_only(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(missing, "")
    with pytest.raises(SettingsError, match=f"Set {missing} too: several machines cannot share"):
        check_machines(load_settings())


@pytest.mark.parametrize(
    ("name", "socket"),
    [
        ("DATABASE_URL", "postgresql://user@/postgres?host=/tmp/postgres"),
        ("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://user:@/dagster?host=/tmp/postgres"),
        ("PITCHQUEST_BROKER_URL", "redis+socket:///tmp/redis.sock"),
    ],
)
def test_a_socket_of_one_machine_is_refused(
    name: str, socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, socket)
    with pytest.raises(SettingsError, match=f"{name} leads to a socket of this machine") as found:
        check_machines(load_settings())
    assert "hush" not in str(found.value)


def test_more_runs_at_a_time_than_places_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITCHQUEST_MAX_CONCURRENT_RUNS", "4")
    settings = load_settings()
    one, two = (RunWorker(f"host:{number}:1.00", "cpu", 2, None) for number in range(2))
    assert lacking_places(settings, [one, two]) is None
    told = lacking_places(settings, [one])
    assert told
    assert told.startswith("PITCHQUEST_MAX_CONCURRENT_RUNS is 4, and the workers have 2 places")
    assert "No `pitchquest worker` runs yet" in str(lacking_places(settings, []))

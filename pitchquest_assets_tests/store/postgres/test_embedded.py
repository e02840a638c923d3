import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, text

from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.postgres.database import embedded_engine
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store, open_store

START = "import sys, pathlib; from pitchquest_assets.store.postgres import embedded; "
START += "print(embedded.start(pathlib.Path(sys.argv[1])))"


@pytest.fixture
def own_store(store: Store, fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store on a server that may be stopped: clients of other tests hold on to the shared one."""
    monkeypatch.setenv("PITCHQUEST_HOME", str(fresh_home))
    return open_store(load_settings())


def postmaster_of(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def kill_postmaster(home: Path) -> int:
    """kill -9; its backends, which may answer for a moment longer, are gone on return."""
    postmaster = psutil.Process(postmaster_of(home))
    backends = postmaster.children()
    postmaster.kill()
    psutil.wait_procs([postmaster, *backends], timeout=20)
    return postmaster.pid


def data_directory(url: str) -> Path:
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting('data_directory')").fetchone()
    assert row is not None
    return Path(row[0])


def test_threads_and_processes_that_start_at_once_share_one_server_that_outlives_them(
    fresh_home: Path,
) -> None:
    urls: list[str] = []
    threads = [
        threading.Thread(target=lambda: urls.append(embedded.start(fresh_home))) for _ in range(4)
    ]
    processes = [
        subprocess.Popen([sys.executable, "-c", START, str(fresh_home)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        urls.append(process.communicate(timeout=60)[0].decode().strip())
    assert len(urls) == 6
    assert len(set(urls)) == 1
    assert data_directory(urls[0]) == fresh_home / "postgres"
    server = postmaster_of(fresh_home)
    assert embedded.start(fresh_home) == urls[0]
    assert postmaster_of(fresh_home) == server


def test_a_killed_server_is_started_again_and_no_acknowledged_row_is_lost(
    own_store: Store, fresh_home: Path
) -> None:
    for number in range(2):
        for row in range(5):
            videos.register(own_store, f"round-{number}-{row}", "/videos/pitch.mp4")
        killed = kill_postmaster(fresh_home)
        videos.register(own_store, f"after-{number}", "/videos/pitch.mp4")
        assert postmaster_of(fresh_home) != killed
    assert len(videos.list_videos(own_store)) == 12


def test_a_lock_file_whose_number_now_belongs_to_another_program_is_no_obstacle(
    fresh_home: Path,
) -> None:
    url = embedded.start(fresh_home)
    pgdata = fresh_home / "postgres"
    kill_postmaster(fresh_home)
    owner = pgdata.stat().st_uid if os.geteuid() == 0 else None
    other = subprocess.Popen(["sleep", "60"], user=owner)
    try:
        for lockfile in (pgdata / "postmaster.pid", pgdata / ".s.PGSQL.5432.lock"):
            lines = lockfile.read_text().splitlines(keepends=True)
            lockfile.write_text("".join([f"{other.pid}\n", *lines[1:]]))
        assert embedded.start(fresh_home) == url
        assert postmaster_of(fresh_home) != other.pid
    finally:
        other.kill()
        other.wait()


def test_a_copied_folder_does_not_lead_to_the_server_it_was_copied_from(
    store: Store, home: Path, fresh_home: Path
) -> None:
    embedded.start(fresh_home)
    assert embedded.stop(fresh_home)
    original = (home / "postgres" / "postmaster.pid").read_text()
    (fresh_home / "postgres" / "postmaster.pid").write_text(original)
    assert data_directory(embedded.start(fresh_home)) == fresh_home / "postgres"


def test_odd_folders_and_an_environment_for_another_server_do_not_matter(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGDATABASE", "other")
    home = fresh_home / "it's, a home" / ("deep" * 30)
    url = embedded.start(home)
    try:
        assert data_directory(url) == home / "postgres"
        assert data_directory(embedded.start(home)) == home / "postgres"
    finally:
        assert embedded.stop(home)


def test_a_connection_of_the_store_is_the_only_one_that_it_costs(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    connect = psycopg.connect

    def counted(*args: object, **options: object) -> object:
        opened.append(args)
        return connect(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg, "connect", counted)
    engine = embedded_engine(home)
    with engine.begin() as connection:
        assert connection.execute(text("select count(*) from videos")).scalar_one() == 0
    engine.dispose()
    assert len(opened) == 1


def test_stop_ends_the_server_and_the_next_use_starts_it_again(
    own_store: Store, fresh_home: Path
) -> None:
    videos.register(own_store, "before-stop", "/videos/pitch.mp4")
    assert embedded.stop(fresh_home)
    assert not embedded.stop(fresh_home)
    assert videos.get(own_store, "before-stop").status == "uploaded"


def test_stop_without_a_database_says_that_none_ran(tmp_path: Path) -> None:
    assert not embedded.stop(tmp_path / "nothing")


def test_a_server_whose_socket_was_removed_is_restarted(fresh_home: Path) -> None:
    url = embedded.start(fresh_home)
    (fresh_home / "postgres" / ".s.PGSQL.5432").unlink()
    assert data_directory(embedded.start(fresh_home)) == fresh_home / "postgres"
    assert embedded.start(fresh_home) == url


def test_an_interrupted_initdb_leaves_nothing_that_hinders_the_next(fresh_home: Path) -> None:
    (fresh_home / "postgres.new").mkdir()
    (fresh_home / "postgres.new" / "PG_VERSION").write_text("18")
    assert data_directory(embedded.start(fresh_home)) == fresh_home / "postgres"


def test_a_home_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreUnavailable, match="set PITCHQUEST_HOME") as caught:
        embedded.start(tmp_path / "file" / "home")
    assert "\n" not in str(caught.value)


def test_foreign_files_in_the_place_of_the_database_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "thesis.docx").write_text("three years of work")
    with pytest.raises(StoreUnavailable, match="holds files but no database"):
        embedded.start(tmp_path)
    assert (tmp_path / "postgres" / "thesis.docx").exists()


def test_a_server_that_cannot_start_is_told_with_its_last_log_line(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.start(fresh_home)
    embedded.stop(fresh_home)
    monkeypatch.setattr(embedded, "START_TIMEOUT_SECONDS", 1.0)
    with (fresh_home / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = on\n")
    with pytest.raises(StoreUnavailable, match=r"no_such_setting|contains errors") as caught:
        embedded.start(fresh_home)
    assert "\n" not in str(caught.value)


def test_dagster_gets_a_database_of_its_own(home: Path, store: Store) -> None:
    urls: list[str] = []
    threads = [
        threading.Thread(target=lambda: urls.append(embedded.dagster_url(home))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(urls)) == 1
    assert urls[0].startswith("postgresql+psycopg2://")
    engine = create_engine(urls[0])
    with engine.connect() as connection:
        assert connection.scalar(text("select current_database()")) == "dagster"
    engine.dispose()

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from pitchquest_assets.store.postgres import embedded, migrate
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.result_rows import DOCUMENTS

TABLES = {
    "vendor_answers",
    "webhook_events",
    "worker_leases",
    "run_workers",
    "videos",
    "analysis_results",
    "analysis_results_history",
    "monitoring_metrics",
    "alerts",
    "asset_values",
}
RESULT = dict.fromkeys(DOCUMENTS, "{}") | {"job_id": "job", "processing_time_seconds": 1.5}


@pytest.fixture
def empty_database(store: Store, home: Path) -> Iterator[Engine]:
    """A database of its own without any of our tables."""
    name = f"test_{uuid.uuid4().hex}"
    url = embedded.start(home).replace("postgresql://", "postgresql+psycopg://")
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template template0"))
    engine = create_engine(url.replace("/postgres?", f"/{name}?"))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"drop database {name}"))
    server.dispose()


def insert(connection: Connection, table: str, **values: Any) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"insert into {table} ({names}) values ({places})"), values)


def add_video(connection: Connection, video_id: str = "v", **values: Any) -> None:
    insert(
        connection,
        "videos",
        **(
            {"video_id": video_id, "filename": "v.mp4", "file_path": f"videos/{video_id}.mp4"}
            | values
        ),
    )


def test_migrations_are_applied_once_and_kept_as_the_supabase_cli_does(
    empty_database: Engine,
) -> None:
    files = sorted(migrate.FOLDER.glob("*.sql"))
    versions = [file.name.partition("_")[0] for file in files]
    assert migrate.pending(empty_database) == versions
    assert migrate.migrate(empty_database) == versions
    assert migrate.migrate(empty_database) == []
    assert migrate.pending(empty_database) == []
    with empty_database.connect() as connection:
        rows = connection.execute(
            text(
                "select version, name, statements from supabase_migrations.schema_migrations"
                " order by version"
            )
        ).all()
    assert [f"{row.version}_{row.name}.sql" for row in rows] == [file.name for file in files]
    assert [row.statements for row in rows] == [[file.read_text()] for file in files]


def test_two_processes_migrate_a_fresh_home_at_once(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITCHQUEST_HOME", str(fresh_home))
    monkeypatch.setenv("DATABASE_URL", "")
    script = (
        "from pitchquest_assets.settings import load_settings;"
        "from pitchquest_assets.store.rows import videos;"
        "from pitchquest_assets.store.store import open_store;"
        "print(len(videos.list_videos(open_store(load_settings()))))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in processes] == [b"0", b"0"]


def test_a_migration_that_fails_leaves_nothing_and_is_tried_again(
    empty_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "FOLDER", tmp_path)
    (tmp_path / "20260101000000_good.sql").write_text("create table good (text text);")
    bad = tmp_path / "20260102000000_bad.sql"
    bad.write_text("create table half (id int); select 100 % 7; select no_such_function();")
    with pytest.raises(ProgrammingError, match="no_such_function"):
        migrate.migrate(empty_database)
    with empty_database.connect() as connection:
        assert connection.scalar(text("select to_regclass('good') is not null"))
        assert connection.scalar(text("select to_regclass('half') is null"))
    assert migrate.pending(empty_database) == ["20260102000000"]
    bad.write_text("create table half (id int); select 100 % 7;")
    assert migrate.migrate(empty_database) == ["20260102000000"]


@pytest.mark.parametrize(
    ("table", "values"),
    [
        *[
            ("videos", {"video_id": video_id})
            for video_id in ("", ".", "../up", "a/b", "new\nline", "end\n", "-dash", "x" * 129, "é")
        ],
        ("videos", {"status": "done"}),
        ("videos", {"attempts": -1}),
        ("analysis_results", {"overall_score": 101}),
        ("analysis_results", {"overall_score": -1}),
        ("analysis_results", {"feedback": '"{}"'}),
        ("analysis_results", {"metadata": "[]"}),
        ("analysis_results", {"video_id": "unknown"}),
        ("monitoring_metrics", {"metric_type": "weather", "metric_value": "{}"}),
        ("asset_values", {"object_path": "frames/v/1.zip"}),
    ],
)
def test_rows_that_make_no_sense_are_refused(
    store: Store, table: str, values: dict[str, Any]
) -> None:
    complete: dict[str, dict[str, Any]] = {
        "videos": {"video_id": "v", "filename": "v.mp4", "file_path": "videos/v.mp4"},
        "analysis_results": RESULT | {"video_id": "known"},
        "monitoring_metrics": {},
        "asset_values": {"asset_key": "frames", "run_id": "run", "value": "{}"},
    }
    with store.engine.begin() as connection:
        add_video(connection, "known")
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        insert(connection, table, **(complete[table] | values))


def test_putting_a_video_back_counts_an_attempt_and_touches_the_row(store: Store) -> None:
    with store.engine.begin() as connection:
        add_video(connection)
    for status in ("processing", "failed", "uploaded", "processing", "uploaded"):
        with store.engine.begin() as connection:
            connection.execute(text("update videos set status = :status"), {"status": status})
    with store.engine.connect() as connection:
        row = connection.execute(text("select * from videos")).one()
    assert row.attempts == 2
    assert row.updated_at > row.created_at


def test_a_replaced_result_goes_to_the_history_and_a_repeated_one_does_not(store: Store) -> None:
    with store.engine.begin() as connection:
        add_video(connection)
        insert(connection, "analysis_results", video_id="v", overall_score=40, **RESULT)
        connection.execute(text("update analysis_results set overall_score = 40"))
        connection.execute(text("update analysis_results set overall_score = 60"))
        history = connection.execute(text("select * from analysis_results_history")).all()
    assert [(row.video_id, row.overall_score, row.job_id) for row in history] == [("v", 40, "job")]


def act_as(connection: Connection, role: str, user: str | None = None) -> None:
    connection.execute(text(f"set local role {role}"))
    claims = f'{{"sub": "{user}"}}' if user else ""
    connection.execute(text("select set_config('request.jwt.claims', :c, true)"), {"c": claims})


def test_every_table_has_row_level_security(store: Store) -> None:
    with store.engine.connect() as connection:
        secured = connection.scalars(
            text(
                "select relname from pg_class where relrowsecurity"
                " and relnamespace = 'public'::regnamespace"
            )
        )
        assert set(secured) == TABLES


def test_owners_see_their_own_rows_the_service_role_all_and_anon_none(store: Store) -> None:
    alice, bob = str(uuid.uuid4()), str(uuid.uuid4())
    with store.engine.begin() as connection:
        for name, owner in (("alices", alice), ("bobs", bob), ("nobodys", None)):
            add_video(connection, name, owner=owner)
            insert(connection, "analysis_results", video_id=name, overall_score=50, **RESULT)
    seen = {}
    for role, user in (
        ("service_role", None),
        ("authenticated", alice),
        ("authenticated", bob),
        ("authenticated", None),
    ):
        for table in ("videos", "analysis_results"):
            with store.engine.begin() as connection:
                act_as(connection, role, user)
                rows = connection.scalars(text(f"select video_id from {table} order by 1"))
                seen[role, user, table] = list(rows)
    for table in ("videos", "analysis_results"):
        assert seen["service_role", None, table] == ["alices", "bobs", "nobodys"]
        assert seen["authenticated", alice, table] == ["alices"]
        assert seen["authenticated", bob, table] == ["bobs"]
        assert seen["authenticated", None, table] == []
    for table in sorted(TABLES):
        with store.engine.begin() as connection:
            act_as(connection, "anon")
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(f"select from {table}"))


def test_a_user_adds_uploads_of_their_own_and_nothing_else(store: Store) -> None:
    alice, bob = str(uuid.uuid4()), str(uuid.uuid4())
    with store.engine.begin() as connection:
        act_as(connection, "authenticated", alice)
        path = f"videos/{alice}/mine"
        add_video(connection, "mine", file_path=path)  # the owner is the caller by default
        captions = f"videos/{alice}/mine.vtt"
        add_video(
            connection, "mine-too", owner=alice, file_path=f"{path}-too", captions_path=captions
        )
    new = "insert into videos (video_id, filename, file_path"
    x = f"'x', 'x.mp4', 'videos/{alice}/x.mp4'"
    refused = [
        f"{new}, owner) values ({x}, '{bob}')",
        f"{new}) values ('x', 'x.mp4', '/etc/passwd')",
        f"{new}) values ('x', 'x.mp4', 'videos/x.mp4')",
        f"{new}) values ('x', 'x.mp4', 'videos/{bob}/x.mp4')",
        f"{new}) values ('x', 'x.mp4', 'videos/{alice}/../{bob}/x.mp4')",
        f"{new}) values ('x', 'x.mp4', 'pitchquest/frames/x.mp4')",
        f"{new}, captions_path) values ({x}, '/etc/passwd')",
        f"{new}, captions_path) values ({x}, 'videos/{bob}/x.vtt')",
        f"{new}, status) values ({x}, 'completed')",
        f"{new}, attempts) values ({x}, 7)",
        "update videos set status = 'completed'",
        "delete from videos",
        "update analysis_results set overall_score = 100",
        "insert into analysis_results (video_id) values ('mine')",
        "select from asset_values",
        "select from monitoring_metrics",
        "select from analysis_results_history",
    ]
    for statement in refused:
        with store.engine.begin() as connection:
            act_as(connection, "authenticated", alice)
            with pytest.raises(DBAPIError, match=r"permission denied|row-level security"):
                connection.execute(text(statement))
    with store.engine.connect() as connection:
        owners = connection.execute(text("select video_id, owner::text from videos")).all()
    assert sorted(map(tuple, owners)) == [("mine", alice), ("mine-too", alice)]


def test_rows_from_before_the_limits_are_mended(
    empty_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, limits = migrate._files(), "20260305000000"
    older = [file for file in files if file.version < limits]
    monkeypatch.setattr(migrate, "_files", lambda: older)
    migrate.migrate(empty_database)
    with empty_database.begin() as connection:
        add_video(connection, "bad", filename="\x1b[2J" + "x" * 1400, file_size_mb=float("nan"))
        add_video(connection, "good", file_size_mb=2.5, error="No picture.")
    monkeypatch.setattr(migrate, "_files", lambda: files)
    assert limits in migrate.migrate(empty_database)
    with empty_database.connect() as connection:
        rows = connection.execute(
            text("select filename, file_size_mb, error from videos order by video_id")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("[2J" + "x" * 1021, None, None),
        ("v.mp4", 2.5, "No picture."),
    ]

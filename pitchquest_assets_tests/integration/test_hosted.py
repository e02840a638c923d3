"""The migrations under a role such as hosted Supabase gives: no superuser, Storage not its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from pitchquest_assets.cli.doctor import supabase as doctor_supabase
from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.postgres import migrate
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.storage.objects import Object, ObjectsTable
from pitchquest_assets_tests.support.supabase_project.database import supabase_database

ROLE = "hosted_postgres"
PRIVILEGES = """
    do $$
    begin
      if not exists (select from pg_roles where rolname = '{role}') then
        create role {role} login createrole bypassrls;
      end if;
      execute format('alter database %I owner to {role}', current_database());
    end
    $$;
    grant usage on schema auth, storage to {role} with grant option;
    grant all on all tables in schema storage to {role} with grant option;
"""


@pytest.fixture
def superuser(home: Path) -> Iterator[Engine]:
    with supabase_database(home, migrated=False) as url:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        with engine.begin() as connection:
            script = PRIVILEGES.format(role=ROLE)
            connection.execution_options(no_parameters=True).exec_driver_sql(script)
        yield engine
        engine.dispose()


@pytest.fixture
def hosted(superuser: Engine, tmp_path: Path) -> Iterator[Store]:
    engine = create_engine(make_url(superuser.url).set(username=ROLE))
    yield Store(engine, FolderObjects(tmp_path))
    engine.dispose()


def upload(superuser: Engine) -> None:
    now = datetime.now(UTC)
    ObjectsTable(superuser).upload(
        Object("videos", "pitch.mp4", b"pitch", "video/mp4", None, now, now)
    )


def told(caplog: pytest.LogCaptureFixture) -> str:
    return " ".join(record.getMessage() for record in caplog.records)


def test_what_supabase_refuses_is_told_and_the_rest_is_done(
    superuser: Engine, hosted: Store, caplog: pytest.LogCaptureFixture
) -> None:
    assert migrate.migrate(hosted.engine)
    assert migrate.pending(hosted.engine) == []
    assert "Users cannot upload yet" in told(caplog)
    assert "Realtime must be switched on by hand" in told(caplog)
    upload(superuser)
    assert [row.filename for row in videos.list_videos(hosted)] == ["pitch.mp4"]
    assert queue.reconcile_uploads(hosted) == 0


def test_the_doctor_says_what_is_missing_and_what_to_do(superuser: Engine, hosted: Store) -> None:
    migrate.migrate(hosted.engine)
    wiring = doctor_supabase._wiring
    assert wiring(hosted.engine)[0] == "failed"
    names = ("20260301000100_storage.sql", "20260308000400_report_policy_closed.sql")
    by_hand = "\n".join((migrate.FOLDER / name).read_text() for name in names)
    for damage, state, told in (
        ("select 1", "ok", "uploads become rows at once"),
        (
            'drop policy "pitchquest: users upload" on storage.objects',
            "failed",
            '("pitchquest: users upload"): run supabase/migrations/20260301000100_storage.sql in',
        ),
        (
            'drop policy "pitchquest: users read their reports" on storage.objects',
            "failed",
            "run supabase/migrations/20260308000400_report_policy_closed.sql in the dashboard",
        ),
        (
            "drop trigger pitchquest_note_stored_object on storage.objects",
            "ok",
            "`missed_uploads` finds uploads within 30 s",
        ),
        (
            "alter publication supabase_realtime drop table videos",
            "not configured",
            "Realtime does not publish videos: run",
        ),
    ):
        with superuser.begin() as connection:
            connection.execution_options(no_parameters=True).exec_driver_sql(by_hand)
            connection.execute(text(damage))
        found = wiring(hosted.engine)
        assert (found[0], told in found[1]) == (state, True), found


def test_without_the_trigger_the_reconciliation_does_it_all(
    superuser: Engine, hosted: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with superuser.begin() as connection:
        connection.execute(text(f"revoke trigger, insert on storage.buckets from {ROLE}"))
        connection.execute(text(f"revoke trigger on storage.objects from {ROLE}"))
    migrate.migrate(hosted.engine)
    assert "Uploads are noticed by the reconciliation alone" in told(caplog)
    assert "The buckets `videos` and `pitchquest` must be made by hand" in told(caplog)
    with superuser.begin() as connection:
        connection.execute(
            text("insert into storage.buckets (id, name) values ('videos', 'videos')")
        )
    upload(superuser)
    assert videos.list_videos(hosted) == []
    assert queue.reconcile_uploads(hosted) == 1
    assert [row.filename for row in queue.waiting(hosted, 10)] == ["pitch.mp4"]


def test_the_functions_are_nobody_elses_to_call(hosted: Store) -> None:
    migrate.migrate(hosted.engine)
    with hosted.engine.connect() as connection:
        callable_by_others = connection.execute(
            text("""
                select proname, rolname
                from pg_proc, pg_roles
                where pronamespace = 'pitchquest'::regnamespace
                  and rolname in ('anon', 'authenticated', 'service_role')
                  and has_function_privilege(rolname, pg_proc.oid, 'execute')
            """)
        ).all()
        without_search_path = connection.scalars(
            text("""
                select proname from pg_proc
                where pronamespace = 'pitchquest'::regnamespace
                  and not coalesce('search_path=""' = any (proconfig), false)
            """)
        ).all()
    assert (callable_by_others, without_search_path) == ([], [])

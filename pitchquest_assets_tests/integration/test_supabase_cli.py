"""The Supabase CLI and `pitchquest migrate` take turns on one database."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, create_engine, text

from pitchquest_assets.store.postgres import migrate
from pitchquest_assets_tests.support.places import ROOT
from pitchquest_assets_tests.support.supabase_project.database import lay_out_project
from pitchquest_assets_tests.support.supabase_project.node import supabase_cli
from pitchquest_assets_tests.support.supabase_project.tcp_server import tcp_server

VERSIONS = [file.name.partition("_")[0] for file in sorted(migrate.FOLDER.glob("*.sql"))]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    supabase_cli()  # first, so that a machine without npm starts no server
    with tcp_server() as url:
        yield url


class Project(NamedTuple):
    """A new project in a database of its own."""

    url: str
    engine: Engine


@pytest.fixture
def new_project(server: str) -> Iterator[Callable[[], Project]]:
    engines: list[Engine] = []

    def make() -> Project:
        name = f"project_{uuid.uuid4().hex}"
        admin = create_engine(_driver(server), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"create database {name} template template0"))
        admin.dispose()
        url = server.removesuffix("postgres") + name
        engines.append(create_engine(_driver(url)))
        lay_out_project(engines[-1])
        return Project(url, engines[-1])

    yield make
    for engine in engines:
        engine.dispose()


def _driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def push(url: str) -> str:
    """What `supabase db push` says; run in the repository, as the documentation says."""
    done = subprocess.run(
        [str(supabase_cli()), "db", "push", f"--remote={url}", "--yes"],
        cwd=ROOT,
        env=os.environ | {"SUPABASE_TELEMETRY_DISABLED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def bookkeeping(engine: Engine) -> list[tuple[str, str, str]]:
    """Version, name and text of what was applied, however the text was cut into statements."""
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "select version, name, array_to_string(statements, ' ')"
                " from supabase_migrations.schema_migrations order by version"
            )
        )
        return [(row[0], row[1], " ".join(row[2].replace(";", " ").split())) for row in rows]


def schema(engine: Engine) -> list[str]:
    """Every column, constraint, index, policy, grant, function and trigger that we make."""
    queries = """
        select format('%s.%s %s %s', table_name, column_name, data_type, column_default)
          from information_schema.columns where table_schema in ('public', 'pitchquest')
        union all select pg_get_constraintdef(oid) from pg_constraint
          where connamespace = 'public'::regnamespace
        union all select indexdef from pg_indexes where schemaname in ('public', 'storage')
        union all select format('%s', pg_policies) from pg_policies
        union all select format('%s', g) from information_schema.role_table_grants as g
          where table_schema = 'public'
        union all select pg_get_functiondef(oid) from pg_proc
          where pronamespace = 'pitchquest'::regnamespace
        union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
        union all select format('%s', p) from pg_publication_tables as p
        union all select format('%s', b.id) from storage.buckets as b
    """
    with engine.connect() as connection:
        database = connection.scalar(text("select current_database()")) or ""
        return sorted(row.replace(database, "") for row in connection.scalars(text(queries)))


def test_after_the_cli_nothing_is_left_for_our_command(
    new_project: Callable[[], Project],
) -> None:
    url, engine = new_project()
    said = push(url)
    assert all(f"Applying migration {version}" in said for version in VERSIONS)
    before = schema(engine), bookkeeping(engine)
    assert migrate.pending(engine) == []
    assert migrate.migrate(engine) == []
    assert (schema(engine), bookkeeping(engine)) == before


def test_after_our_command_nothing_is_left_for_the_cli(
    new_project: Callable[[], Project],
) -> None:
    url, engine = new_project()
    assert migrate.migrate(engine) == VERSIONS
    before = schema(engine), bookkeeping(engine)
    assert "Remote database is up to date." in push(url)
    assert (schema(engine), bookkeeping(engine)) == before


def test_both_leave_the_same(new_project: Callable[[], Project]) -> None:
    by_cli, by_us = new_project(), new_project()
    push(by_cli.url)
    migrate.migrate(by_us.engine)
    assert schema(by_cli.engine) == schema(by_us.engine)
    assert bookkeeping(by_cli.engine) == bookkeeping(by_us.engine)

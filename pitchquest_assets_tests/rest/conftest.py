"""One Supabase project for all tests of the REST interface."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from pitchquest_assets_tests.support.supabase_project.whole_project import Project, supabase_project


@pytest.fixture(scope="session")
def whole_project(home: Path) -> Iterator[Project]:
    """The project with its tables, for the whole session."""
    with supabase_project(home) as project:
        yield project


@pytest.fixture
def project(whole_project: Project) -> Project:
    """The project, its tables and buckets empty."""
    whole_project.storage.objects.clear()
    with whole_project.engine.begin() as connection:
        tables = connection.scalars(
            text(
                "select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables"
                " where schemaname = 'public'"
            )
        ).one()
        connection.execute(
            text(f"truncate {tables}, storage.objects, pitchquest.erasures restart identity")
        )
    return whole_project

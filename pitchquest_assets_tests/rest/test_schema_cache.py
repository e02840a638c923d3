"""PostgREST notices what `migrate` has done."""

import time
from pathlib import Path

import httpx
from sqlalchemy import create_engine

from pitchquest_assets.store.postgres import migrate
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.supabase_project.database import supabase_database
from pitchquest_assets_tests.support.supabase_project.postgrest import postgrest

TRIES = 300


def test_the_tables_are_there_over_rest_after_migrate(home: Path) -> None:
    headers = {"Authorization": f"Bearer {token('service_role')}"}
    with supabase_database(home, migrated=False) as url, postgrest(url) as rest:
        assert httpx.get(f"{rest}/videos", headers=headers).status_code == 404
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        assert migrate.migrate(engine)
        engine.dispose()
        for _ in range(TRIES):
            answer = httpx.get(f"{rest}/video_progress", headers=headers)
            if answer.status_code != 404:
                break
            time.sleep(0.1)
        assert (answer.status_code, answer.json()) == (200, [])

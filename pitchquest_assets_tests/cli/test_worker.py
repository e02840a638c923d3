"""`pitchquest worker` where it must not start; `integration/test_worker.py` has it at work."""

import pytest

from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.homes import temporary_home


@pytest.mark.parametrize("command", ["worker", "up"])
def test_what_other_machines_cannot_reach_is_refused_in_one_sentence(command: str) -> None:
    with temporary_home() as home:
        alone = Command(home, {"PITCHQUEST_BROKER_URL": "redis://127.0.0.1:1/0"})
        done = alone(command)
        assert done.code == 1
        assert done.err == (
            "Set DATABASE_URL, DAGSTER_POSTGRES_URL, SUPABASE_URL, SUPABASE_KEY too: several "
            "machines cannot share the embedded database, nor a folder of one of them.\n"
        )
        assert not (home / "postgres").exists()

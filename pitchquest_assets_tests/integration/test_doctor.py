"""`pitchquest doctor` as a user runs it."""

from pathlib import Path

import pytest

from pitchquest_assets.store.postgres import embedded
from pitchquest_assets_tests.support.command import Command


def test_a_fresh_home_is_told_to_migrate_and_then_all_is_well(fresh_home: Path) -> None:
    pitchquest = Command(fresh_home, {"COLUMNS": "200"})
    before = pitchquest("doctor")
    assert before.code == 1
    assert "migrations are missing: `pitchquest migrate`" in before.out
    assert pitchquest("migrate").code == 0
    after = pitchquest("doctor")
    assert after.code == 0, after.out
    assert "failed" not in after.out
    assert "uploads wait until `pitchquest up`" in after.out


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PITCHQUEST_INBOX": "/nowhere"}, "/nowhere is not a folder"),
        ({"ALERT_URLS": "json://localhost nonsense"}, "number 2 of 2 is not an Apprise URL"),
    ],
)
def test_what_is_set_wrongly_is_named_without_secrets(
    pitchquest: Command, variables: dict[str, str], told: str
) -> None:
    pitchquest("migrate")
    done = pitchquest("doctor", COLUMNS="200", **variables)
    assert done.code == 1
    assert told in done.out
    assert "nonsense" not in done.out + done.err


def test_a_database_that_cannot_start_fails_alone(fresh_home: Path) -> None:
    pgdata = fresh_home / "postgres"
    pgdata.mkdir()
    (pgdata / "stray").touch()
    done = Command(fresh_home, {"COLUMNS": "200"})("doctor")
    assert done.code == 1
    assert "holds files but no database" in done.out
    assert "GB free" in done.out
    assert not embedded.stop(fresh_home)

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.store.postgres import database
from pitchquest_assets.store.store import Store


def test_a_full_disk_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "FIRST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(database, "LONGEST_PAUSE_SECONDS", 0)
    # As PostgreSQL says it, with its own code.
    full = text("""
        do $$ begin
          raise exception 'could not extend file "base/5/16384": No space left on device'
            using errcode = '53100';
        end $$
    """)
    with pytest.raises(StoreUnavailable, match=r"The disk of the database is full.*RETENTION_DAYS"):
        store.transaction(lambda connection: connection.execute(full))


def test_a_server_that_cannot_write_its_log_is_named_too() -> None:
    error = psycopg.OperationalError("PANIC: could not write to file: No space left on device")
    assert "disk of the database is full" in database.why_unanswered(DBAPIError("", {}, error))
    other = psycopg.OperationalError("")
    assert "(no reason was given)" in database.why_unanswered(DBAPIError("", {}, other))

from pathlib import Path

import psycopg
import pytest

from pitchquest_assets.store.postgres import embedded, rewriting

SAID = "purple giraffes sell bread"


def files_that_say_it(home: Path) -> list[str]:
    return [
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file() and SAID.encode() in path.read_bytes()
    ]


def test_no_file_has_the_bytes_of_a_row_that_was_deleted(fresh_home: Path) -> None:
    url = embedded.start(fresh_home)
    dagster = embedded.dagster_url(fresh_home).replace("+psycopg2", "")
    for address in (url, dagster):
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("create table said (id int primary key, what text, doc jsonb)")
            connection.execute("create index on said (what)")
            row = """
                insert into said select n, what || n, to_jsonb(what)
                from generate_series(1, 99) as n, cast(%s as text) as what
            """
            connection.execute(row, [SAID])
            connection.execute("analyze said; checkpoint")
            connection.execute("delete from said")
    assert len(files_that_say_it(fresh_home)) > 4
    rewriting.rewrite(fresh_home)
    assert files_that_say_it(fresh_home) == []


def test_a_table_that_is_in_use_is_left_alone(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "LOCK_TIMEOUT", "100ms")
    with psycopg.connect(embedded.start(fresh_home)) as reader:
        reader.execute("create table said (what text)")
        reader.commit()
        reader.execute("select * from said")
        rewriting.rewrite(fresh_home)
        assert reader.execute("select count(*) from said").fetchone() == (0,)

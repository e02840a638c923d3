"""Who may do what: each table, role and operation is tried; docs/access.md says what came out."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from postgrest import APIError, ReturnMethod
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.places import DOCS
from pitchquest_assets_tests.support.result_rows import DOCUMENTS
from pitchquest_assets_tests.support.storage.objects import ALLOW_DELETE
from pitchquest_assets_tests.support.supabase_project.whole_project import Project

PAGE = DOCS / "access.md"
WRITE = "make access"
CALLERS: dict[str, tuple[str, UUID | None]] = {
    "anon": ("anon", None),
    "owner": ("authenticated", ALICE),
    "other user": ("authenticated", BOB),
    "service role": ("service_role", None),
}
RESULT: dict[str, Any] = {name: {} for name in DOCUMENTS} | {"job_id": "job"}
SECONDS = {"processing_time_seconds": 1.5}
VIDEO = {"filename": "pitch.mp4", "owner": str(ALICE)}
MORE = {"video_id": "more", "file_path": f"videos/{ALICE}/more.mp4"}
REPORT_PATH = "feedback_report/there/run-1.html"
REPORT = {
    "asset_key": "feedback_report",
    "partition_key": "there",
    "run_id": "run",
    "value": {},
} | {
    "object_path": REPORT_PATH,
    "object_sha256": "0",
}
ANSWER = {"vendor": "gemini", "model": "model", "purpose": "content", "answer": {}}
EVENT = {"video_id": "scored", "payload": {}}
# Videos that other rows belong to: one with a result, one without.
PARENTS = [
    VIDEO | {"video_id": name, "file_path": f"videos/{ALICE}/{name}.mp4"}
    for name in ("scored", "unscored")
]
# Of each table: the row that is there, Alice's where rows have owners; the row that is added; a
# column that can be changed. A new table needs a line here.
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "videos": (
        VIDEO | {"video_id": "there", "file_path": f"videos/{ALICE}/there.mp4"},
        VIDEO | MORE,
        {"filename": "changed.mp4"},
    ),
    "analysis_results": (
        RESULT | SECONDS | {"video_id": "scored"},
        RESULT | SECONDS | {"video_id": "unscored"},
        {"overall_score": 100},
    ),
    "analysis_results_history": (
        RESULT | SECONDS | {"video_id": "there", "created_at": "2026-01-01T00:00:00Z"},
        RESULT | SECONDS | {"video_id": "there", "created_at": "2026-01-02T00:00:00Z"},
        {"overall_score": 100},
    ),
    "monitoring_metrics": (
        {"metric_type": "drift", "metric_value": {}},
        {"metric_type": "api_cost", "metric_value": {}},
        {"metric_value": {"changed": True}},
    ),
    "asset_values": (
        REPORT,
        {"asset_key": "audio", "partition_key": "there", "run_id": "run", "value": {}},
        {"run_id": "changed"},
    ),
    "alerts": (
        {"kind": "drift", "event_key": "there", "message": "Drift."},
        {"kind": "drift", "event_key": "more", "message": "Drift."},
        {"message": "changed"},
    ),
    "vendor_answers": (
        ANSWER | {"key": "there", "video_id": "there"},
        ANSWER | {"key": "more", "video_id": "more"},
        {"model": "changed"},
    ),
    "webhook_events": (
        EVENT | {"event_key": "there"},
        EVENT | {"event_key": "more"},
        {"error": "changed"},
    ),
    "worker_leases": (
        {"video_id": "there", "job_id": "run", "worker": "host:1:1.00"},
        {"video_id": "more", "job_id": "run", "worker": "host:2:1.00"},
        {"heartbeat_at": "2026-01-01T00:00:00Z"},
    ),
    "run_workers": (
        {"queue": "there", "slots": 1, "worker": "host:1:1.00"},
        {"queue": "more", "slots": 1, "worker": "host:2:1.00"},
        {"heartbeat_at": "2026-01-01T00:00:00Z"},
    ),
}
# Of each view: what it shows of the rows above.
VIEWS = {"video_progress": {"video_id": "there"}}
KEYS = ("event_key", "video_id", "asset_key", "metric_type", "queue")
# Of each function that REST publishes: what it is called with, and the table that it changes.
FUNCTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "delete_video": ({"video_id": "there"}, "videos"),
}
FILES = {
    "videos/<their id>/…": ("videos", f"{ALICE}/there.mp4", f"{ALICE}/more.mp4"),
    "pitchquest/…": ("pitchquest", "frames/there.zip", "frames/more.zip"),
    "pitchquest/feedback_report/<video>/…": ("pitchquest", REPORT_PATH, f"{REPORT_PATH}.more"),
}


def test_the_page_about_access_says_what_each_caller_can_do(project: Project) -> None:
    parts = [
        *table_lines(project),
        "",
        FUNCTIONS_HEAD,
        *function_lines(project),
        "",
        FILES_HEAD,
        *file_lines(project),
    ]
    page = HEAD + "\n".join(parts) + "\n"
    if os.environ.get("WRITE_ACCESS"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page, f"the rules have changed; `{WRITE}` writes {PAGE.name} anew"


def table_lines(project: Project) -> Iterator[str]:
    with project.engine.connect() as connection:
        tables = connection.scalars(
            text("select tablename from pg_tables where schemaname = 'public' order by 1")
        ).all()
        views = connection.scalars(
            text("select viewname from pg_views where schemaname = 'public'")
        ).all()
    assert not set(tables) - set(ROWS), "a table without rows to try it with: add them to ROWS"
    assert set(views) == set(VIEWS), "a view without a row to ask for: add it to VIEWS"
    yield from heading("table")
    for table in tables:
        for operation in ("select", "insert", "update", "delete"):
            found = [through_rest(project, table, operation, *who) for who in CALLERS.values()]
            yield f"| `{table}` | {operation} | {' | '.join(found)} |"
    for view in VIEWS:
        found = [through_rest(project, view, "select", *who) for who in CALLERS.values()]
        yield f"| `{view}` (view) | select | {' | '.join(found)} |"


def function_lines(project: Project) -> Iterator[str]:
    with project.engine.connect() as connection:
        names = connection.scalars(
            text("select proname from pg_proc where pronamespace = 'public'::regnamespace")
        ).all()
    assert set(names) == set(FUNCTIONS), "a function without a call to try it with"
    yield f"| function | {' | '.join(CALLERS)} |"
    yield "|" + " --- |" * (1 + len(CALLERS))
    for name in sorted(FUNCTIONS):
        found = [call_through_rest(project, name, *who) for who in CALLERS.values()]
        yield f"| `{name}` | {' | '.join(found)} |"


def file_lines(project: Project) -> Iterator[str]:
    seed(project)
    yield from heading("file")
    for place, names in FILES.items():
        for operation in ("read", "upload", "replace", "remove"):
            found = [as_storage_does(project, names, operation, *who) for who in CALLERS.values()]
            yield f"| `{place}` | {operation} | {' | '.join(found)} |"


def heading(first: str) -> list[str]:
    names = [first, "operation", *CALLERS]
    return [f"| {' | '.join(names)} |", "|" + " --- |" * len(names)]


def through_rest(project: Project, table: str, operation: str, role: str, user: UUID | None) -> str:
    """What one request to PostgREST does."""
    seed(project)
    before = contents(project, table)
    there, more, change = ROWS[table] if table in ROWS else (VIEWS[table], {}, {})
    column, value = next((name, there[name]) for name in KEYS if name in there)
    rows = project.client(role, user).table(table)
    requests: dict[str, Callable[[], Any]] = {
        "select": lambda: rows.select("*").eq(column, value),
        "insert": lambda: rows.insert(more, returning=ReturnMethod.minimal),
        "update": lambda: rows.update(change).eq(column, value),
        "delete": lambda: rows.delete().eq(column, value),
    }
    try:
        answer = requests[operation]().execute()
    except APIError as error:
        if error.code != "42501" or contents(project, table) != before:
            raise
        return "refused"
    happened = bool(answer.data) if operation == "select" else contents(project, table) != before
    return "yes" if happened else "nothing"


def call_through_rest(project: Project, name: str, role: str, user: UUID | None) -> str:
    """What one call of a function through PostgREST does."""
    seed(project)
    arguments, table = FUNCTIONS[name]
    before = contents(project, table)
    try:
        answer = project.client(role, user).rpc(name, arguments).execute()
    except APIError as error:
        if error.code != "42501" or contents(project, table) != before:
            raise
        return "refused"
    happened = contents(project, table) != before
    assert answer.data == happened
    return "yes" if happened else "nothing"


def as_storage_does(
    project: Project, names: tuple[str, str, str], operation: str, role: str, user: UUID | None
) -> str:
    """What the statement does that Storage sends in the name of the caller."""
    bucket, there, more = names
    statements = {
        "read": "select name from storage.objects where name = :there",
        "upload": "insert into storage.objects (bucket_id, name) values (:bucket, :more)",
        "replace": "update storage.objects set version = 'new' where name = :there",
        "remove": "delete from storage.objects where name = :there",
    }
    with project.engine.connect() as connection:
        stored = "insert into storage.objects (bucket_id, name) values (:bucket, :there)"
        connection.execute(text(stored), {"bucket": bucket, "there": there})
        connection.execute(ALLOW_DELETE)
        act_as(connection, role, user)
        values = {"bucket": bucket, "there": there, "more": more}
        try:
            result = connection.execute(text(statements[operation]), values)
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", None) != "42501":
                raise
            return "refused"
        finally:
            connection.rollback()
        return "yes" if result.rowcount else "nothing"


def act_as(connection: Connection, role: str, user: UUID | None) -> None:
    claims = json.dumps({"role": role} | ({"sub": str(user)} if user else {}))
    connection.execute(text("select set_config('request.jwt.claims', :c, true)"), {"c": claims})
    connection.execute(text(f"set local role {role}"))


def seed(project: Project) -> None:
    """One row in every table."""
    rows = [("videos", row) for row in PARENTS] + [
        (table, row) for table, (row, *_) in ROWS.items()
    ]
    with project.engine.begin() as connection:
        emptied = ", ".join([*ROWS, "pitchquest.erasures"])
        connection.execute(text(f"truncate {emptied} restart identity"))
        for table, row in rows:
            names = ", ".join(row)
            connection.execute(
                text(
                    f"insert into {table} ({names}) select {names}"
                    f" from jsonb_populate_record(null::{table}, cast(:row as jsonb))"
                ),
                {"row": json.dumps(row)},
            )


def contents(project: Project, table: str) -> list[Any]:
    with project.engine.connect() as connection:
        rows = f"select to_jsonb(t) - 'updated_at' from {table} as t order by 1"
        return list(connection.scalars(text(rows)))


def test_a_video_with_a_result_can_be_deleted_where_the_page_says_so(project: Project) -> None:
    seed(project)
    backend = project.client("service_role")
    backend.table("videos").delete().eq("video_id", "scored").execute()
    assert backend.table("analysis_results").select("*").execute().data == []


@pytest.mark.parametrize("changed", [{"status": "completed"}, {"job_id": "x"}, {"attempts": 0}])
def test_owners_cannot_set_what_is_the_pipelines(project: Project, changed: dict[str, Any]) -> None:
    alice = project.client("authenticated", ALICE).table("videos")
    with pytest.raises(APIError, match="permission denied"):
        alice.insert(VIDEO | MORE | changed).execute()
    alice.insert(VIDEO | MORE).execute()
    with pytest.raises(APIError, match="permission denied"):
        alice.update(changed).eq("video_id", "more").execute()


def test_a_token_that_is_not_of_this_project_gets_nothing(project: Project) -> None:
    stranger = project.client("authenticated", ALICE)
    stranger.postgrest.auth(stranger.supabase_key[:-2] + "xx")
    with pytest.raises(APIError, match="JWSError"):
        stranger.table("videos").select("*").execute()


HEAD = f"""# Who may do what

A test tries each line against a real PostgREST and writes this page (`{WRITE}`): do not edit it.

- owner: the user whose video it is
- other user: has signed in too, and tries it on the owner's rows, or in the owner's name
- service role: the secret key, for backends only

"refused" is an error (HTTP 401 or 403), "nothing" an empty answer.

"""
FUNCTIONS_HEAD = "Functions, called by `POST /rest/v1/rpc/<name>`:\n"
FILES_HEAD = "In Storage, both buckets being private:\n"

"""Whatever rows users write through PostgREST, the uploads of others are analysed."""

import json
import os
import random
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from postgrest import APIError, ReturnMethod
from sqlalchemy import text

from pitchquest_assets.automation.left_behind import sweep
from pitchquest_assets.automation.upload_sensors import new_uploads
from pitchquest_assets.cli.show import print_status
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.supabase_project.whole_project import Project
from pitchquest_assets_tests.support.uploads import Storage
from pitchquest_assets_tests.support.wiring import evaluate

ROWS = int(os.environ.get("PITCHQUEST_TEST_HOSTILE_ROWS", "150"))
SEED = 14
FOLDER = f"videos/{ALICE}/"
# As JSON in the body of a request, because `json` writes only numbers that Python knows.
NUMBERS = [
    '"Infinity"',
    '"-Infinity"',
    '"NaN"',
    "1e308",
    "1e400",
    "-1",
    "0",
    "2.5",
    '"1e9999"',
    "null",
]
TEXTS = [
    "", " ", "..", "pitch.mp4", "\x1b[2J\x1b[31mowned", "\u202e4pm.hctip", "\u2066a\u2069",
    "\ufeff",
    "a\nb\rc\td", "\x7f\x9b31m", "%2e%2e%2fetc", "a\u0000b", "\U000e0041", "\ud83d", "é\u0301🎥",
    "x" * 5_000, "/", "\\", "'; drop table videos; --", "{{ 1 }}", "[red]",
]  # fmt: skip
PATHS = [
    f"{FOLDER}{name}"
    for name in ("pitch.mp4", "", "../x", "a//b.mp4", "./b.mp4", "%2e%2e/b", "b\\c", "a/" * 2_000)
] + [f"{FOLDER}{text}" for text in TEXTS]
FOREIGN = [
    f"videos/{BOB}/pitch.mp4", "videos/pitchquest/v/v.mp4", "/etc/passwd",
    "pitchquest/frames/v.zip",
    "http://127.0.0.1/", "file:///etc/passwd", f"videos/{ALICE}", f"VIDEOS/{ALICE}/a.mp4",
]  # fmt: skip
OPTIONS = [
    {},
    {"language": "de"},
    {"language": "de\n"},
    {"judge": "gemini"},
    [],
    1,
    None,
    "x" * 9_999,
]


def hostile_row(chance: random.Random, number: int) -> str:
    """The body of a request: a usual row, of which one to three values are replaced."""
    row = {
        "video_id": f"hostile-{number}",
        "filename": "pitch.mp4",
        "file_path": f"{FOLDER}{number}.mp4",
    }
    values = {name: json.dumps(value) for name, value in row.items()}
    choices = {
        "video_id": lambda: json.dumps(chance.choice(TEXTS)),
        "filename": lambda: json.dumps(chance.choice(TEXTS)),
        "file_path": lambda: json.dumps(chance.choice(PATHS + FOREIGN)),
        "captions_path": lambda: json.dumps(chance.choice(PATHS + FOREIGN)),
        "file_size_mb": lambda: chance.choice(NUMBERS),
        "duration_seconds": lambda: chance.choice(NUMBERS),
        "attempts": lambda: chance.choice(NUMBERS),
        "options": lambda: json.dumps(chance.choice(OPTIONS)),
        "sha256": lambda: json.dumps(chance.choice(TEXTS)),
        "owner": lambda: json.dumps(chance.choice([str(ALICE), str(BOB), None, "x"])),
        "status": lambda: json.dumps(chance.choice(["uploaded", "processing", "completed"])),
        "error": lambda: json.dumps(chance.choice(TEXTS)),
        "uploaded_at": lambda: json.dumps(chance.choice(["infinity", "-infinity", "9999-12-31"])),
    }
    # A column that users may not write refuses the whole row, so most rows have none.
    names = [*list(choices)[:4], "options"] if chance.random() < 0.7 else list(choices)
    for name in chance.sample(names, chance.choice([1, 1, 2, 3])):
        values[name] = choices[name]()
    return "{" + ", ".join(f'"{name}": {value}' for name, value in values.items()) + "}"


@pytest.fixture
def store(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store over the project's database, also for sensors."""
    opened = Store(project.engine, FolderObjects(tmp_path))
    monkeypatch.setattr(StoreResource, "store", lambda self: opened)
    return opened


def requested(instance: dg.DagsterInstance) -> dict[str | None, dg.RunRequest]:
    """The runs that a tick asks for, in their order."""
    result = evaluate(new_uploads, instance)
    assert isinstance(result, dg.SensorResult)
    return {request.partition_key: request for request in result.run_requests or []}


def test_no_row_of_a_user_stops_the_upload_of_another(
    project: Project, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    bob = project.client("authenticated", BOB)
    headers = {
        "apikey": token("anon"),
        "Authorization": f"Bearer {token('authenticated', str(ALICE))}",
        "Content-Type": "application/json",
        "Prefer": "return=minimal",
    }
    queue.limit_waiting(store, ROWS * 2)
    answers: list[int] = []
    with httpx.Client(headers=headers) as alice:
        for number in range(ROWS):
            body = hostile_row(chance, number)
            answers.append(alice.post(f"{project.url}/rest/v1/videos", content=body).status_code)
            Storage(project.engine).upload(f"{ALICE}/{number}.mp4")
    assert {status for status in answers if status >= 500} == set()
    assert answers.count(201) > ROWS / 10

    mine = {"video_id": "good", "filename": "pitch.mp4", "file_path": f"videos/{BOB}/pitch.mp4"}
    bob.table("videos").insert(mine, returning=ReturnMethod.minimal).execute()
    Storage(project.engine).upload(f"{BOB}/pitch.mp4", owner=BOB)
    with dg.DagsterInstance.ephemeral() as instance:
        asked = requested(instance)
        assert "good" in list(asked)[:2]
        assert "dagster/priority" not in asked["good"].tags
        assert sweep(instance, store, load_settings()) == []
    print_status(store, None, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    rows = videos.list_videos(store)
    assert len(shown) == len(rows) > ROWS / 10
    for row in rows:
        assert row.owner in (ALICE, BOB)
        assert not set(row.filename + row.file_path) & set("\x1b\x7f\x9b\u202e\u2066\u2069\ufeff")
        assert row.file_path.startswith(f"videos/{row.owner}/")
        assert len(row.filename) <= 1024


def test_ten_thousand_valid_rows_of_a_user_are_too_many(
    project: Project, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITCHQUEST_MAX_WAITING_PER_USER", "20")
    alice = project.client("authenticated", ALICE).table("videos")
    rows = [
        {"video_id": f"v{n}", "filename": "a.mp4", "file_path": f"{FOLDER}{n}.mp4"}
        for n in range(10_000)
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        evaluate(new_uploads, instance)
        with pytest.raises(APIError, match="20 uploads of yours wait already"):
            alice.insert(rows, returning=ReturnMethod.minimal).execute()
        assert videos.list_videos(store) == []
        alice.insert(rows[:20], returning=ReturnMethod.minimal).execute()
        with pytest.raises(APIError, match="and no more may"):
            alice.insert(rows[20], returning=ReturnMethod.minimal).execute()
        # Sent once more because its answer was lost.
        alice.upsert(rows[0], on_conflict="video_id", ignore_duplicates=True).execute()
        for number in range(20):
            Storage(project.engine).upload(f"{ALICE}/{number}.mp4")
        Storage(project.engine).upload(f"{BOB}/pitch.mp4", owner=BOB)
        asked = list(requested(instance).values())
    assert [request.tags["owner"] for request in asked[:3]] == [str(ALICE), str(BOB), str(ALICE)]
    assert [request.tags.get("dagster/priority") for request in asked[:3]] == [None, None, "-1"]


def test_the_users_take_turns_and_what_is_analysed_counts(project: Project, store: Store) -> None:
    storage = Storage(project.engine)
    for number in range(4):
        storage.upload(f"{ALICE}/a{number}.mp4")
    for number in range(2):
        storage.upload(f"{BOB}/b{number}.mp4", owner=BOB)
    names = [row.filename for row in queue.waiting(store, 10)]
    assert names == ["a0.mp4", "b0.mp4", "a1.mp4", "b1.mp4", "a2.mp4", "a3.mp4"]
    queue.claim(store, queue.waiting(store, 1)[0].video_id, "run", attempt=0)
    names = [row.filename for row in queue.waiting(store, 10)]
    assert names == ["b0.mp4", "a1.mp4", "b1.mp4", "a2.mp4", "a3.mp4"]


@pytest.mark.parametrize(
    ("name", "becomes"),
    [("x" * 50_000_000, "x" * 1024), ("\x1b" * 10_000 + "pitch.mp4", "video")],
    ids=["50 MB", "10,000 escapes"],
)
def test_of_a_very_long_name_only_the_beginning_is_kept(
    project: Project, store: Store, name: str, becomes: str
) -> None:
    row = {"video_id": "long", "filename": name, "file_path": f"{FOLDER}long.mp4"}
    alice = project.client("authenticated", ALICE).table("videos")
    alice.insert(row, returning=ReturnMethod.minimal).execute()
    assert videos.get(store, "long").filename == becomes


@pytest.mark.parametrize("column", ["video_id", "file_path", "captions_path", "options"])
def test_fifty_megabytes_in_another_column_are_refused(
    project: Project, store: Store, column: str
) -> None:
    row: dict[str, Any] = {"video_id": "v", "filename": "a.mp4", "file_path": f"{FOLDER}a.mp4"}
    long = FOLDER + "x" * 50_000_000
    row[column] = {"language": long} if column == "options" else long
    with pytest.raises(APIError):
        project.client("authenticated", ALICE).table("videos").insert(row).execute()
    assert videos.list_videos(store) == []


def test_the_size_and_the_checksum_are_not_the_users_to_say(project: Project) -> None:
    alice = project.client("authenticated", ALICE).table("videos")
    row = {"video_id": "v", "filename": "a.mp4", "file_path": f"{FOLDER}a.mp4"}
    for column in ({"file_size_mb": 1}, {"sha256": "ab"}):
        with pytest.raises(APIError, match="permission denied"):
            alice.insert(row | column).execute()


@pytest.mark.parametrize("column", ["file_size_mb", "duration_seconds"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e300"])
def test_not_even_the_secret_key_writes_a_number_that_is_none(
    project: Project, column: str, value: str
) -> None:
    backend = project.client("service_role").table("videos")
    row = {"video_id": "v", "filename": "a.mp4", "file_path": f"{FOLDER}a.mp4", column: value}
    with pytest.raises(APIError, match="videos_numbers_are_finite"):
        backend.insert(row).execute()


def test_the_schema_of_the_queue_is_closed_to_users(project: Project) -> None:
    with project.engine.connect() as connection:
        found = connection.scalars(
            text("""
                select role || ' ' || relname from pg_class
                cross join unnest(array['anon', 'authenticated', 'service_role']) as role
                where relnamespace = 'pitchquest'::regnamespace and relkind in ('r', 'v')
                  and has_table_privilege(role, pg_class.oid, 'select, insert, update, delete')
            """)
        ).all()
    assert found == []

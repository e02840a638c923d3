"""What `pitchquest status` says about a video that waits, runs, or is done."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pitchquest_assets.model import Report
from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.rows.asset_values import Address, save_value
from pitchquest_assets.store.rows.progress import (
    ASSETS,
    progress_of,
    queue_positions,
    stored_assets,
)
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.uploads import act_as


def test_a_run_is_as_far_as_what_it_has_stored(store: Store) -> None:
    videos.register(store, "v", "/v.mp4")
    queue.claim(store, "v", "run-2", attempt=0)
    for asset in ("source_video", "audio"):
        save_value(store, Address(asset, "v"), {}, run_id="run-2", code_version="1")
    save_value(store, Address("frames", "v"), {}, run_id="run-1", code_version="1")
    stored = stored_assets(store, ["run-2"])
    assert stored == {"run-2": {"source_video", "audio"}}
    assert progress_of(videos.get(store, "v"), stored["run-2"]) == "2 of 9: frames"


def test_uploads_know_their_place_in_the_queue(store: Store) -> None:
    for name in ("a", "b", "c"):
        videos.register(store, name, f"/{name}.mp4")
    queue.claim(store, "a", "run", attempt=0)
    assert queue_positions(store) == {"b": 1, "c": 2}


@pytest.mark.parametrize(
    ("status", "stored", "shown"),
    [
        ("uploaded", set(), "0 of 9"),
        ("failed", {"source_video"}, "1 of 9"),
        ("completed", set(), "9 of 9"),
        ("processing", set(ASSETS), "9 of 9"),
    ],
)
def test_progress_names_an_asset_only_while_it_is_made(
    store: Store, status: str, stored: set[str], shown: str
) -> None:
    videos.register(store, "v", "/v.mp4")
    with store.engine.begin() as connection:
        connection.execute(text("update videos set status = :status"), {"status": status})
    assert progress_of(videos.get(store, "v"), stored) == shown


def test_the_database_knows_the_same_steps(store: Store) -> None:
    videos.register(store, "v", "/v.mp4")
    assert [step["step"] for step in shown(store)["v"]["steps"]] == list(ASSETS)


def shown(store: Store) -> dict[str, dict[str, Any]]:
    statement = text("select * from video_progress")
    rows = store.transaction(lambda c: c.execute(statement).mappings().all())
    return {row["video_id"]: dict(row) for row in rows}


def test_a_view_shows_how_far_each_video_is(store: Store) -> None:
    for name in ("done", "running", "next", "last", "broken"):
        videos.register(store, name, f"/{name}.mp4")
    for name in ("running", "broken", "done"):
        queue.claim(store, name, f"run-{name}", attempt=0)
    for asset in ("source_video", "audio"):
        for name in ("running", "broken"):
            address = Address(asset, name)
            save_value(store, address, {}, run_id=f"run-{name}", code_version="1")
    save_value(store, Address("frames", "running"), {}, run_id="an-older-run", code_version="1")
    videos.mark_failed(store, "broken", "No picture.")
    results.save_result(store, factories.pitch_result(video_id="done", job_id="run-done"))
    found = shown(store)
    columns = ("status", "queue_place", "steps_done", "current_step", "error")
    assert {name: tuple(row[one] for one in columns) for name, row in found.items()} == {
        "done": ("completed", None, 9, None, None),
        "running": ("processing", None, 2, "frames", None),
        "next": ("uploaded", 1, 0, None, None),
        "last": ("uploaded", 2, 0, None, None),
        "broken": ("failed", None, 2, None, "No picture."),
    }
    assert {row["steps_total"] for row in found.values()} == {9}
    assert not any(row["waits_for_file"] for row in found.values())
    steps = found["running"]["steps"]
    assert [step["step"] for step in steps] == list(ASSETS)
    assert [bool(step["done_at"]) for step in steps] == [True, True] + [False] * 7
    assert found["done"]["steps"][7]["done_at"]


def test_the_view_names_the_report(store: Store) -> None:
    videos.register(store, "v", "/v.mp4")
    assert shown(store)["v"]["report"] is None
    report = Report(payload=b"<h1>Report</h1>", video_id="v")
    address = Address("feedback_report", "v")
    stored = save_value(store, address, report, run_id="run-1", code_version="1")
    assert shown(store)["v"]["report"] == stored.object_path


def test_an_owner_sees_only_their_own_videos_in_the_view(store: Store) -> None:
    videos.register(store, "alices", "/a.mp4", owner=ALICE)
    videos.register(store, "bobs", "/b.mp4", owner=BOB)
    seen = {}
    for user in (ALICE, BOB):
        with store.engine.begin() as connection:
            act_as(connection, user)
            rows = connection.execute(text("select video_id, queue_place from video_progress"))
            seen[user] = [tuple(row) for row in rows]
    assert seen == {ALICE: [("alices", 1)], BOB: [("bobs", 2)]}


def test_anon_sees_nothing_of_the_view(store: Store) -> None:
    with store.engine.connect() as connection:
        connection.execute(text("set local role anon"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("select * from video_progress"))

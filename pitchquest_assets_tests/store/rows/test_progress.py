"""What `pitchquest status` says of a video that waits, runs, or is done."""

import pytest
from sqlalchemy import text

from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.rows.asset_values import Address, save_value
from pitchquest_assets.store.rows.progress import (
    ASSETS,
    progress_of,
    queue_positions,
    stored_assets,
)
from pitchquest_assets.store.store import Store


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

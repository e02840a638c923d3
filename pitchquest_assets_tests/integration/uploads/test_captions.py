"""Captions find their video, whichever comes first."""

import pytest
from sqlalchemy import text

from pitchquest_assets.media.caption_files import SUFFIXES
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.uploads import Storage, finish, insert_as, only_row


@pytest.mark.parametrize("order", [("vtt", "mp4"), ("mp4", "vtt")])
def test_captions_beside_a_video_are_used_whichever_comes_first(
    project: Store, storage: Storage, order: tuple[str, str]
) -> None:
    for ending in order:
        storage.upload(f"{ALICE}/pitch.{ending}")
    row = only_row(project)
    assert row.captions_path == f"videos/{ALICE}/pitch.vtt"
    assert (row.status, row.attempts) == ("uploaded", 0)


def test_captions_of_every_format_that_is_read_are_used(project: Store, storage: Storage) -> None:
    for suffix in (*SUFFIXES, *map(str.upper, SUFFIXES)):
        video, captions = f"{ALICE}/{suffix}/pitch.MP4", f"{ALICE}/{suffix}/pitch{suffix}"
        for name in (captions, video):
            storage.upload(name)
        assert captions_of(project, video) == f"videos/{captions}"
        storage.upload(late := f"{ALICE}/{suffix}/late.mov")
        storage.upload(captions := f"{ALICE}/{suffix}/late{suffix}")
        assert captions_of(project, late) == f"videos/{captions}"


def test_of_several_captions_those_that_a_folder_would_prefer_are_used(
    project: Store, storage: Storage
) -> None:
    in_order = [form for suffix in SUFFIXES for form in (suffix, suffix.upper())]
    for suffix in reversed(in_order):
        storage.upload(f"{ALICE}/pitch{suffix}")
        storage.upload(f"{ALICE}/pitch.mp4")
        assert captions_of(project, f"{ALICE}/pitch.mp4") == f"videos/{ALICE}/pitch{suffix}"


def test_a_text_beside_a_video_is_not_taken_for_captions(project: Store, storage: Storage) -> None:
    for ending in ("txt", "mp4"):
        storage.upload(f"{ALICE}/pitch.{ending}")
    assert only_row(project).captions_path is None


def captions_of(store: Store, video: str) -> str | None:
    with store.engine.connect() as connection:
        query = text("select captions_path from videos where file_path = :path")
        path: str | None = connection.execute(query, {"path": f"videos/{video}"}).scalar_one()
    return path


def test_captions_of_another_name_or_folder_are_not_used(project: Store, storage: Storage) -> None:
    for name in (f"{ALICE}/pitch2.vtt", f"{ALICE}/sub/pitch.vtt", f"{ALICE}/pitch.mp4"):
        storage.upload(name)
    assert only_row(project).captions_path is None


def test_captions_that_come_after_the_analysis_are_worth_another(
    project: Store, storage: Storage
) -> None:
    storage.upload(f"{ALICE}/pitch.mp4")
    finish(project)
    storage.upload(f"{ALICE}/pitch.srt")
    row = only_row(project)
    assert (row.status, row.attempts) == ("uploaded", 1)
    assert row.captions_path == f"videos/{ALICE}/pitch.srt"


@pytest.mark.parametrize("status", ["completed", "uploaded"])
def test_captions_that_were_removed_are_not_looked_for_again(
    project: Store, storage: Storage, status: str
) -> None:
    for ending in ("vtt", "mp4"):
        storage.upload(f"{ALICE}/pitch.{ending}")
    queue.claim(project, only_row(project).video_id, "run-1", attempt=0)
    storage.remove(f"{ALICE}/pitch.vtt")
    videos.update(project, only_row(project).video_id, "status = :status", status=status)
    row = only_row(project)
    assert (row.status, row.captions_path) == ("uploaded", None)
    assert row.attempts >= 1


def test_captions_of_another_name_stay_while_they_are_there(
    project: Store, storage: Storage
) -> None:
    given, path = f"{ALICE}/spoken.vtt", f"{ALICE}/pitch.mp4"
    storage.upload(given)
    insert_as(project, ALICE, "my-id", f"videos/{path}", f"videos/{given}")
    for _ in range(2):
        storage.upload(path)
        assert only_row(project).captions_path == f"videos/{given}"
        finish(project)
    storage.remove(given)
    storage.upload(path)
    assert only_row(project).captions_path is None


def test_captions_that_were_named_before_they_come_are_waited_for(
    project: Store, storage: Storage
) -> None:
    given, path = f"{ALICE}/spoken.vtt", f"{ALICE}/pitch.mp4"
    insert_as(project, ALICE, "my-id", f"videos/{path}", f"videos/{given}")
    for _ in range(2):
        storage.upload(path)
        assert queue.waiting(project, 10) == []
    storage.upload(given)
    [row] = queue.waiting(project, 10)
    assert row.captions_path == f"videos/{given}"


def test_captions_that_go_before_the_first_run_do_not_keep_a_replaced_file_waiting(
    project: Store, storage: Storage
) -> None:
    for ending in ("vtt", "mp4"):
        storage.upload(f"{ALICE}/pitch.{ending}")
    storage.remove(f"{ALICE}/pitch.vtt")
    storage.upload(f"{ALICE}/pitch.mp4")
    [row] = queue.waiting(project, 10)
    assert row.captions_path is None

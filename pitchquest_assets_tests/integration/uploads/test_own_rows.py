"""A client's own row for its upload, before or after the file."""

import contextlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.rows.progress import queue_positions
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.uploads import Storage, insert_as, only_row, queue_depth


def test_a_row_of_the_clients_own_replaces_the_automatic_one(
    project: Store, storage: Storage
) -> None:
    storage.upload(f"{ALICE}/pitch.vtt")
    storage.upload(f"{ALICE}/pitch.mp4")
    insert_as(project, ALICE, "my-id", f"videos/{ALICE}/pitch.mp4")
    row = only_row(project)
    assert (row.video_id, row.owner, row.file_size_mb) == ("my-id", ALICE, 0.0025)
    assert row.captions_path == f"videos/{ALICE}/pitch.vtt"
    assert queue.reconcile_uploads(project) == 0


def test_a_row_waits_for_its_file(project: Store, storage: Storage) -> None:
    insert_as(project, ALICE, "my-id", f"videos/{ALICE}/pitch.mp4")
    assert queue.waiting(project, 10) == []
    assert queue_depth(project) == 0
    storage.upload(f"{ALICE}/pitch.mp4")
    assert queue_depth(project) == 1
    [row] = queue.waiting(project, 10)
    assert (row.video_id, row.attempts, row.file_size_mb) == ("my-id", 0, 0.0025)


def test_a_retry_does_not_wait_for_a_file_that_was_removed(
    project: Store, storage: Storage
) -> None:
    storage.upload(f"{ALICE}/pitch.mp4")
    storage.remove(f"{ALICE}/pitch.mp4")
    assert queue.waiting(project, 10) == []
    videos.retry(project, only_row(project).video_id)
    assert queue.waiting(project, 10) == [only_row(project)]


def test_a_row_whose_file_has_a_run_already_is_refused(project: Store, storage: Storage) -> None:
    storage.upload(f"{ALICE}/pitch.mp4")
    queue.claim(project, only_row(project).video_id, "run-1", attempt=0)
    with pytest.raises(IntegrityError, match="videos_object_idx"):
        insert_as(project, ALICE, "my-id", f"videos/{ALICE}/pitch.mp4")


@pytest.mark.parametrize(
    "conflict", ["do nothing", "(video_id) do update set file_path = excluded.file_path"]
)
def test_a_row_that_does_not_come_takes_no_upload_with_it(
    project: Store, storage: Storage, conflict: str
) -> None:
    videos.register(project, "taken", "/in/pitch.mp4")
    path = f"{ALICE}/pitch.mp4"
    storage.upload(path)
    insert = text(
        "insert into videos (video_id, filename, file_path) values ('taken', 'pitch.mp4', :path)"
        f" on conflict {conflict}"
    )
    with contextlib.suppress(IntegrityError), project.engine.begin() as connection:
        connection.execute(insert, {"path": f"videos/{path}"})
    assert [row.filename for row in queue.waiting(project, 10)] == ["pitch.mp4", "pitch.mp4"]


def test_nobody_takes_over_the_upload_of_another(project: Store, storage: Storage) -> None:
    storage.upload(f"{ALICE}/pitch.mp4")
    with pytest.raises(ProgrammingError, match="row-level security"):
        insert_as(project, BOB, "mine", f"videos/{ALICE}/pitch.mp4")
    assert only_row(project).owner == ALICE


def test_a_row_whose_file_never_comes_is_failed_and_revived_by_it(
    project: Store, storage: Storage
) -> None:
    insert_as(project, ALICE, "my-id", f"videos/{ALICE}/pitch.mp4")
    queue.reconcile_uploads(project)
    assert only_row(project).status == "uploaded"
    with project.engine.begin() as connection:
        connection.execute(text("alter table videos disable trigger videos_touch_updated_at"))
        connection.execute(text("update videos set updated_at = now() - interval '25 hours'"))
        connection.execute(text("alter table videos enable trigger videos_touch_updated_at"))
    queue.reconcile_uploads(project)
    row = only_row(project)
    assert row.status == "failed"
    assert row.error == (
        f"The file videos/{ALICE}/pitch.mp4 never came: upload it, and it is analysed."
    )
    storage.upload(f"{ALICE}/pitch.mp4")
    assert only_row(project).status == "uploaded"


def test_a_row_that_waits_for_its_file_has_no_place_in_the_queue(
    project: Store, storage: Storage
) -> None:
    insert_as(project, ALICE, "early", f"videos/{ALICE}/early.mp4")
    storage.upload(f"{ALICE}/pitch.mp4")
    assert set(queue_positions(project).values()) == {1}
    assert "early" not in queue_positions(project)
    storage.upload(f"{ALICE}/early.mp4")
    assert queue_positions(project)["early"] == 1

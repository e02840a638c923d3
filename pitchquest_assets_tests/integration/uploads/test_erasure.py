"""A deleted upload is not brought back by Storage, and a new one is an upload like any other."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text

from pitchquest_assets.store.rows import erasures, queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.uploads import Storage, act_as, finish, insert_as, only_row

PATH = f"{ALICE}/pitch.mp4"


def delete_as(store: Store, user: UUID, video_id: str) -> bool:
    with store.engine.begin() as connection:
        act_as(connection, user)
        return bool(connection.scalar(text("select delete_video(:id)"), {"id": video_id}))


def finish_erasures(store: Store) -> None:
    erasures.finish(store, erasures.unfinished(store))


def reconcile_everything(store: Store) -> None:
    """As if whatever is in the bucket had just been put there."""
    with store.engine.begin() as connection:
        connection.execute(text("update pitchquest.reconciliation set seen_until = '-infinity'"))
    queue.reconcile_uploads(store)


@pytest.mark.parametrize("is_finished", [False, True])
def test_a_file_that_is_still_in_the_bucket_gets_no_row_again(
    project: Store, storage: Storage, is_finished: bool
) -> None:
    storage.upload(PATH)
    assert delete_as(project, ALICE, only_row(project).video_id)
    if is_finished:
        finish_erasures(project)
    reconcile_everything(project)
    # Nor if Storage writes its row once more, or captions come.
    with project.engine.begin() as connection:
        connection.execute(text("update storage.objects set metadata = metadata"))
    storage.upload(f"{ALICE}/pitch.vtt")
    reconcile_everything(project)
    assert videos.list_videos(project) == []


def test_two_hours_of_reconciliations_bring_nothing_back(project: Store, storage: Storage) -> None:
    storage.upload(PATH)
    delete_as(project, ALICE, only_row(project).video_id)
    finish_erasures(project)
    for _ in range(240):
        reconcile_everything(project)
    assert videos.list_videos(project) == []


def test_a_row_that_was_added_before_its_file_came_is_known_by_the_file_too(
    project: Store, storage: Storage
) -> None:
    insert_as(project, ALICE, "demo-day", f"videos/{PATH}")
    storage.upload(PATH)
    delete_as(project, ALICE, "demo-day")
    reconcile_everything(project)
    assert videos.list_videos(project) == []


def test_a_newer_file_in_its_place_gets_a_row_with_an_id_of_its_own(
    project: Store, storage: Storage
) -> None:
    storage.upload(PATH)
    old = only_row(project)
    finish(project)
    delete_as(project, ALICE, old.video_id)
    storage.upload(PATH)
    row = only_row(project)
    assert (row.status, row.attempts, row.file_path) == ("uploaded", 0, old.file_path)
    assert row.video_id != old.video_id
    [erasure] = erasures.unfinished(project)
    assert erasure.video_id == old.video_id


def test_a_row_that_takes_over_an_upload_erases_nothing(project: Store, storage: Storage) -> None:
    storage.upload(PATH)
    insert_as(project, ALICE, "demo-day", f"videos/{PATH}")
    assert only_row(project).video_id == "demo-day"
    assert erasures.unfinished(project) == []


def test_only_the_owner_deletes(project: Store, storage: Storage) -> None:
    storage.upload(PATH)
    video_id = only_row(project).video_id
    assert not delete_as(project, BOB, video_id)
    assert not delete_as(project, ALICE, "no-such-video")
    assert only_row(project).video_id == video_id
    assert delete_as(project, ALICE, video_id)
    assert not delete_as(project, ALICE, video_id)


def test_a_value_that_is_written_during_the_deletion_does_not_stay(project: Store) -> None:
    videos.register(project, "pitch", "/in/pitch.mp4")
    value = text("""
        insert into asset_values (asset_key, partition_key, run_id, value)
        values ('transcript', 'pitch', 'run', '{}')
    """)
    with ThreadPoolExecutor() as pool:
        with project.engine.begin() as writer:
            writer.execute(value)
            deletion = pool.submit(erasures.delete_rows, project, ["pitch"])
            wait_for_a_lock(project)
        assert deletion.result(30) == ["pitch"]
    with project.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from asset_values")) == 0


def test_an_upload_under_the_id_that_comes_during_the_deletion_is_refused(project: Store) -> None:
    videos.register(project, "pitch", "/in/pitch.mp4")
    with ThreadPoolExecutor() as pool:
        with project.engine.begin() as deleter:
            deleter.execute(text("delete from videos where video_id = 'pitch'"))
            again = pool.submit(videos.register, project, "pitch", "/in/pitch.mp4")
            wait_for_a_lock(project)
        assert "is being erased: try again in a minute" in str(again.exception(30))
    finish_erasures(project)
    assert videos.register(project, "pitch", "/in/pitch.mp4").attempts == 0


def wait_for_a_lock(store: Store) -> None:
    """Until another connection waits for one that this test holds."""
    query = text("select count(*) from pg_locks where not granted")
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(query):
            connection.execute(text("select pg_sleep(0.02)"))

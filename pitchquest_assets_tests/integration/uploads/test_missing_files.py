"""Files that are deleted or moved before their analysis, and files that no row names."""

import pytest
from sqlalchemy import text

from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.rows.progress import queue_positions
from pitchquest_assets.store.rows.system_health import files_without_row
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.uploads import Storage, insert_as, only_row, queue_depth

PITCH = f"{ALICE}/pitch.mp4"


def alerts(store: Store) -> int:
    return store.transaction(lambda c: c.scalar(text("select count(*) from alerts"))) or 0


def test_an_upload_whose_file_is_deleted_leaves_the_queue_with_its_sentence(
    project: Store, storage: Storage
) -> None:
    storage.upload(PITCH)
    assert queue.check_files(project) == 0
    storage.remove(PITCH)
    assert queue.check_files(project) == 1
    row = only_row(project)
    assert (row.status, row.error) == (
        "failed",
        f"The file videos/{PITCH} was deleted or moved before it was analysed: upload it again.",
    )
    assert queue_positions(project) == {}
    assert queue_depth(project) == 0
    assert alerts(project) == 0
    assert queue.check_files(project) == 0


def test_an_upload_whose_file_is_moved_fails_and_the_new_place_is_analysed(
    project: Store, storage: Storage
) -> None:
    storage.upload(PITCH)
    storage.move(PITCH, f"{ALICE}/renamed.mp4")
    assert queue.check_files(project) == 1
    found = {row.file_path: row.status for row in videos.list_videos(project)}
    assert found == {f"videos/{PITCH}": "failed", f"videos/{ALICE}/renamed.mp4": "uploaded"}


def test_a_file_that_comes_back_is_analysed(project: Store, storage: Storage) -> None:
    storage.upload(PITCH)
    storage.remove(PITCH)
    queue.check_files(project)
    storage.upload(PITCH)
    row = only_row(project)
    assert (row.status, row.error, row.attempts) == ("uploaded", None, 1)
    assert [one.video_id for one in queue.waiting(project, 10)] == [row.video_id]


def test_a_replaced_file_is_there_all_the_time(project: Store, storage: Storage) -> None:
    storage.upload(PITCH)
    storage.upload(PITCH)
    assert queue.check_files(project) == 0


def test_a_row_whose_file_has_not_come_yet_goes_on_waiting(
    project: Store, storage: Storage
) -> None:
    insert_as(project, ALICE, "early", f"videos/{PITCH}")
    assert queue.check_files(project) == 0
    assert only_row(project).status == "uploaded"


def test_a_file_of_the_pipelines_own_that_is_gone_fails_too(
    project: Store, storage: Storage
) -> None:
    storage.upload("pitchquest/v/v.mp4", owner=None)
    videos.register(project, "v", "videos/pitchquest/v/v.mp4")
    assert queue.check_files(project) == 0
    storage.remove("pitchquest/v/v.mp4")
    assert queue.check_files(project) == 1


def test_captions_that_are_deleted_are_not_waited_for(project: Store, storage: Storage) -> None:
    storage.upload(f"{ALICE}/pitch.vtt")
    storage.upload(PITCH)
    storage.remove(f"{ALICE}/pitch.vtt")
    assert queue.waiting(project, 10) == []
    assert queue.check_files(project) == 0
    assert [row.captions_path for row in queue.waiting(project, 10)] == [None]


def test_captions_that_a_client_has_named_may_still_come(project: Store, storage: Storage) -> None:
    insert_as(project, ALICE, "mine", f"videos/{PITCH}", f"videos/{ALICE}/script.txt")
    storage.upload(PITCH)
    queue.check_files(project)
    assert only_row(project).captions_path == f"videos/{ALICE}/script.txt"


def test_files_that_no_row_is_about_are_named(project: Store, storage: Storage) -> None:
    for name in ("noextension", "What's next", "phone.3gp", "a.mp4", "a.vtt", "b.srt", "s.txt"):
        storage.upload(f"{ALICE}/{name}")
    storage.upload("pitchquest/v/v-captions", owner=None)
    insert_as(project, ALICE, "named", f"videos/{ALICE}/named", f"videos/{ALICE}/words")
    for name in ("named", "words"):
        storage.upload(f"{ALICE}/{name}")
    assert sorted(files_without_row(project)) == [
        f"{ALICE}/What's next",
        f"{ALICE}/noextension",
        f"{ALICE}/phone.3gp",
    ]
    assert len(files_without_row(project, most=2)) == 2


@pytest.mark.parametrize("name", [PITCH, f"{ALICE}/phone.3gp"])
def test_health_counts_the_files_that_no_row_is_about(
    project: Store, storage: Storage, name: str
) -> None:
    storage.upload(name)
    queue_depth(project)
    statement = text("select metric_value from monitoring_metrics order by id desc limit 1")
    value = project.transaction(lambda c: c.scalar(statement))
    assert value["files_without_row"] == (0 if name == PITCH else 1)


def test_a_script_that_comes_after_its_row_ends_the_waiting(
    project: Store, storage: Storage
) -> None:
    insert_as(project, ALICE, "mine", f"videos/{PITCH}", f"videos/{ALICE}/script.txt")
    storage.upload(PITCH)
    assert queue_positions(project) == {}
    storage.upload(f"{ALICE}/script.txt")
    queue.check_files(project)
    assert queue_positions(project) == {"mine": 1}

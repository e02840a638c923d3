"""Files in the bucket become rows by themselves."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.uploads import Storage, act_as, finish, only_row


def test_a_file_in_the_bucket_becomes_a_row(project: Store, storage: Storage) -> None:
    storage.upload(f"{ALICE}/2026/My best pitch!.MP4")
    row = only_row(project)
    assert row.file_path == f"videos/{ALICE}/2026/My best pitch!.MP4"
    assert (row.filename, row.owner, row.file_size_mb) == ("My best pitch!.MP4", ALICE, 0.0025)
    assert (row.status, row.attempts) == ("uploaded", 0)
    assert row.video_id.startswith("My-best-pitch-")
    assert queue.waiting(project, 10) == [row]


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "no-ending",
        ".emptyFolderPlaceholder",
        "pitch.mp4/readme",
        "pitch.vtt",
    ],
)
def test_what_is_no_video_is_left_alone(project: Store, storage: Storage, name: str) -> None:
    storage.upload(f"{ALICE}/{name}")
    assert videos.list_videos(project) == []


def test_other_buckets_and_the_pipelines_own_folder_are_left_alone(
    project: Store, storage: Storage
) -> None:
    storage.upload("frames/pitch.mp4", owner=None, bucket="pitchquest")
    storage.upload("pitchquest/pitch-1/pitch.mp4", owner=None)
    assert videos.list_videos(project) == []
    for video_id in ("one", "two"):  # the same file under two ids of its own
        videos.register(project, video_id, "videos/pitchquest/pitch-1/pitch.mp4")
    assert queue.reconcile_uploads(project) == 0
    assert len(queue.waiting(project, 10)) == 2


@pytest.mark.parametrize(
    "name", ["é.mp4", "-.mp4", "._x.mov", ".mp4", "a" * 300 + ".webm", "%41 b?.avi", "日本.mkv"]
)
def test_every_name_gives_a_valid_id(project: Store, storage: Storage, name: str) -> None:
    storage.upload(f"{ALICE}/{name}")
    row = only_row(project)
    assert videos.check_video_id(row.video_id) == row.video_id
    assert row.filename == name


def test_equal_names_in_two_places_get_two_ids(project: Store, storage: Storage) -> None:
    for user in (ALICE, BOB):
        storage.upload(f"{user}/pitch.mp4", owner=user)
    rows = videos.list_videos(project)
    assert len({row.video_id for row in rows}) == 2
    assert {row.owner for row in rows} == {ALICE, BOB}


def test_an_id_that_somebody_else_took_is_not_needed(project: Store, storage: Storage) -> None:
    with project.engine.connect() as connection:
        taken = connection.scalar(
            text("select pitchquest.video_id_of(:name)"), {"name": f"{ALICE}/pitch.mp4"}
        )
    videos.register(project, taken, f"videos/{BOB}/squatting.mp4", owner=BOB)
    storage.upload(f"{ALICE}/pitch.mp4")
    rows = {row.file_path: row for row in videos.list_videos(project)}
    assert rows[f"videos/{ALICE}/pitch.mp4"].owner == ALICE
    assert rows[f"videos/{BOB}/squatting.mp4"].video_id == taken


def test_a_backend_that_uploads_for_a_user_leaves_the_owner_to_the_folder(
    project: Store, storage: Storage
) -> None:
    storage.upload(f"{BOB}/pitch.mp4", owner=None)
    storage.upload("by-hand.mp4", owner=None)
    assert [row.owner for row in videos.list_videos(project)] == [BOB, None]


def test_users_upload_into_their_own_folder_only(project: Store, storage: Storage) -> None:
    for name, bucket in ((f"{BOB}/pitch.mp4", "videos"), (f"{ALICE}/x.mp4", "pitchquest")):
        with pytest.raises(ProgrammingError, match="row-level security"):
            storage.upload(name, owner=ALICE, bucket=bucket)
    storage.upload(f"{ALICE}/pitch.mp4")
    seen = {}
    for user in (ALICE, BOB):
        with project.engine.begin() as connection:
            act_as(connection, user)
            seen[user] = connection.scalar(text("select count(*) from storage.objects"))
    assert seen == {ALICE: 1, BOB: 0}
    assert len(videos.list_videos(project)) == 1


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_file_that_is_replaced_is_analysed_again(
    project: Store, storage: Storage, status: str
) -> None:
    storage.upload(f"{ALICE}/pitch.mp4")
    finish(project, status)
    storage.upload(f"{ALICE}/pitch.mp4")
    row = only_row(project)
    assert (row.status, row.attempts, row.job_id) == ("uploaded", 1, None)


def test_a_file_that_is_replaced_before_its_run_costs_no_attempt(
    project: Store, storage: Storage
) -> None:
    for _ in range(2):
        storage.upload(f"{ALICE}/pitch.mp4")
    assert only_row(project).attempts == 0


def test_a_file_that_is_replaced_during_its_run_is_analysed_after_it(
    project: Store, storage: Storage
) -> None:
    storage.upload(f"{ALICE}/pitch.mp4")
    row = queue.claim(project, only_row(project).video_id, "run-1", attempt=0)
    storage.upload(f"{ALICE}/pitch.mp4")
    assert only_row(project).status == "processing"
    videos.update(project, row.video_id, "status = 'completed'")
    assert (only_row(project).status, only_row(project).attempts) == ("uploaded", 1)
    queue.claim(project, row.video_id, "run-2", attempt=1)
    videos.update(project, row.video_id, "status = 'completed'")
    assert (only_row(project).status, only_row(project).attempts) == ("completed", 1)


def test_a_fault_of_ours_refuses_no_upload(project: Store, storage: Storage) -> None:
    with project.engine.begin() as connection:
        connection.execute(
            text("alter table videos add constraint fault check (filename <> 'x.mp4')")
        )
    try:
        storage.upload(f"{ALICE}/x.mp4")
        with pytest.raises(IntegrityError, match="fault"):
            queue.reconcile_uploads(project)
    finally:
        with project.engine.begin() as connection:
            connection.execute(text("alter table videos drop constraint fault"))
    assert queue.reconcile_uploads(project) == 1


def test_files_beyond_the_limit_of_their_user_say_so_without_an_alert(
    project: Store, storage: Storage
) -> None:
    queue.limit_waiting(project, 2)
    try:
        for number in range(4):
            storage.upload(f"{ALICE}/{number}.mp4")
        storage.upload(f"{BOB}/pitch.mp4", owner=BOB)
    finally:
        queue.limit_waiting(project, 100)
    rows = videos.list_videos(project)
    assert [row.status for row in rows] == ["uploaded"] * 2 + ["failed"] * 2 + ["uploaded"]
    assert rows[2].error == (
        "2 uploads of yours wait already, and no more may: upload it again later."
    )
    with project.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from alerts")) == 0
    finish_all = "update videos set status = 'completed' where status = 'uploaded'"
    with project.engine.begin() as connection:
        connection.execute(text(finish_all))
    storage.upload(f"{ALICE}/3.mp4")
    assert videos.list_videos(project)[-1].status == "uploaded"

"""Files in the bucket become rows by themselves. Storage is played by the statements it sends."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.rows.system_health import record_health
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.storage.objects import Object, objects_table
from pitchquest_assets_tests.support.supabase_project.database import supabase_database

FILE = bytes(2_500)
# As `Uploader.canUpload` asks whether the caller may, before anything is uploaded; rolled back.
ASK = text("""
    insert into storage.objects (name, owner, owner_id, bucket_id, version)
    values (:name, :owner, :owner_id, :bucket, '1')
    on conflict (name, bucket_id) do update set
      metadata = excluded.metadata, version = excluded.version,
      owner = excluded.owner, owner_id = excluded.owner_id
""")


class Storage:
    """What the Storage server does to the database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def upload(self, name: str, owner: UUID | None = ALICE, bucket: str = "videos") -> None:
        """Ask, receive the file, enter it."""
        with self.engine.connect() as connection:
            if owner:
                act_as(connection, owner)
            row = {"name": name, "owner": owner, "owner_id": owner and str(owner), "bucket": bucket}
            connection.execute(ASK, row)
            connection.rollback()
        now = datetime.now(UTC)
        # `Uploader.completeUpload` ends each upload so, resumable ones too.
        enter, _ = objects_table(self.engine)
        enter(Object(bucket, name, FILE, "video/mp4", owner and str(owner), now, now))

    def remove(self, name: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("delete from storage.objects where name = :n"), {"n": name})


def act_as(connection: Connection, user: UUID) -> None:
    claims = json.dumps({"sub": str(user), "role": "authenticated"})
    connection.execute(text("select set_config('request.jwt.claims', :c, true)"), {"c": claims})
    connection.execute(text("set local role authenticated"))


@pytest.fixture(scope="module")
def engine(home: Path) -> Iterator[Engine]:
    with supabase_database(home) as url:
        opened = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
        yield opened
        opened.dispose()


@pytest.fixture
def project(engine: Engine, tmp_path: Path) -> Store:
    """A store on a Supabase project without a row or a file."""
    with engine.begin() as connection:
        connection.execute(text("truncate videos, alerts, analysis_results, storage.objects"))
        connection.execute(text("update pitchquest.reconciliation set seen_until = now()"))
    return Store(engine, FolderObjects(tmp_path))


@pytest.fixture
def storage(project: Store) -> Storage:
    return Storage(project.engine)


@pytest.fixture
def without_trigger(project: Store) -> Iterator[None]:
    """A project that refused us the trigger on its objects."""
    trigger = "alter table storage.objects {} trigger pitchquest_note_stored_object"
    with project.engine.begin() as connection:
        connection.execute(text(trigger.format("disable")))
    yield
    with project.engine.begin() as connection:
        connection.execute(text(trigger.format("enable")))


def only_row(store: Store) -> VideoRow:
    [row] = videos.list_videos(store)
    return row


def finish(store: Store, status: str = "completed") -> None:
    """The run that has the only row ends."""
    row = queue.claim(store, only_row(store).video_id, "run-1", attempt=None)
    videos.update(store, row.video_id, "status = :status", status=status)


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


@pytest.mark.parametrize("order", [("vtt", "mp4"), ("mp4", "vtt")])
def test_captions_beside_a_video_are_used_whichever_comes_first(
    project: Store, storage: Storage, order: tuple[str, str]
) -> None:
    for ending in order:
        storage.upload(f"{ALICE}/pitch.{ending}")
    row = only_row(project)
    assert row.captions_path == f"videos/{ALICE}/pitch.vtt"
    assert (row.status, row.attempts) == ("uploaded", 0)


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


def insert_as(
    store: Store, user: UUID, video_id: str, file_path: str, captions_path: str | None = None
) -> None:
    """What a web page does through REST."""
    with store.engine.begin() as connection:
        act_as(connection, user)
        connection.execute(
            text(
                "insert into videos (video_id, filename, file_path, captions_path)"
                " values (:video_id, 'pitch.mp4', :file_path, :captions_path)"
            ),
            {"video_id": video_id, "file_path": file_path, "captions_path": captions_path},
        )


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


def queue_depth(store: Store) -> int:
    measured = record_health(store, 1, timedelta(minutes=30), None)
    return int(measured["queue_depth"])


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


def test_the_reconciliation_does_what_the_trigger_would(
    project: Store, storage: Storage, without_trigger: None
) -> None:
    storage.upload(f"{ALICE}/pitch.mp4")
    storage.upload(f"{BOB}/other.mov", owner=BOB)
    assert videos.list_videos(project) == []
    assert queue.reconcile_uploads(project) == 2
    assert queue.reconcile_uploads(project) == 0
    storage.remove(f"{BOB}/other.mov")
    videos.update(project, videos.list_videos(project)[1].video_id, "status = 'completed'")
    first = videos.list_videos(project)[0]
    assert (first.owner, first.file_size_mb) == (ALICE, 0.0025)
    queue.claim(project, first.video_id, "run-1", attempt=0)
    videos.update(project, first.video_id, "status = 'completed'")
    storage.upload(f"{ALICE}/pitch.srt")
    assert queue.reconcile_uploads(project) == 1
    assert videos.get(project, first.video_id).captions_path == f"videos/{ALICE}/pitch.srt"
    assert videos.get(project, first.video_id).attempts == 1


def test_the_reconciliation_takes_the_oldest_first_and_leaves_what_was_there_before(
    project: Store, storage: Storage, without_trigger: None
) -> None:
    with project.engine.begin() as connection:
        connection.execute(
            text("""
                insert into storage.objects
                  (bucket_id, name, version, metadata, created_at, updated_at)
                select 'videos', 'p' || age || '.mp4', 'v', '{"size": 1}',
                  now() - age * interval '1 minute', now() - age * interval '1 minute'
                from generate_series(-2, 3) as age
            """)
        )

    def reconcile(most: int) -> int:
        with project.engine.begin() as connection:
            statement = text("select pitchquest.reconcile_uploads(:most)")
            return int(connection.scalar(statement, {"most": most}) or 0)

    assert reconcile(2) == 2
    assert sorted(row.filename for row in videos.list_videos(project)) == ["p-1.mp4", "p0.mp4"]
    assert [reconcile(2) for _ in range(2)] == [1, 0]
    with project.engine.begin() as connection:
        connection.execute(text("update pitchquest.reconciliation set seen_until = '-infinity'"))
    assert [reconcile(1) for _ in range(4)] == [1, 1, 1, 0]
    names = [row.filename for row in videos.list_videos(project)]
    assert names == ["p3.mp4", "p2.mp4", "p1.mp4", "p0.mp4", "p-1.mp4", "p-2.mp4"]


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


def test_without_supabase_there_is_nothing_to_reconcile(store: Store) -> None:
    assert queue.reconcile_uploads(store) == 0
    videos.register(store, "v", "videos/anything.mp4")
    assert len(queue.waiting(store, 10)) == 1

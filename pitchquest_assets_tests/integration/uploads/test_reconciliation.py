"""The reconciliation finds what the trigger missed."""

from sqlalchemy import text

from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.uploads import Storage


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


def test_without_supabase_there_is_nothing_to_reconcile(store: Store) -> None:
    assert queue.reconcile_uploads(store) == 0
    videos.register(store, "v", "videos/anything.mp4")
    assert len(queue.waiting(store, 10)) == 1


def test_a_file_that_cannot_be_registered_stops_no_other(
    project: Store, storage: Storage, without_trigger: None
) -> None:
    storage.upload(f"{ALICE}/a\x1bb.mp4")
    storage.upload(f"{BOB}/pitch.mp4", owner=BOB)
    assert queue.reconcile_uploads(project) == 1
    assert [row.filename for row in videos.list_videos(project)] == ["pitch.mp4"]

import uuid

import pytest
from sqlalchemy import text

from pitchquest_assets.errors import Superseded, UnknownVideo
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.rows.progress import queue_positions
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store


def upload(store: Store, video_id: str = "pitch-1") -> VideoRow:
    return videos.register(store, video_id, f"/in/{video_id}.mp4")


def test_the_oldest_uploads_come_first_and_no_more_than_the_limit(store: Store) -> None:
    for name in ("c", "a", "b"):
        upload(store, name)
    assert [row.video_id for row in queue.waiting(store, 2)] == ["c", "a"]
    queue.claim(store, "c", "run-1", attempt=0)
    assert [row.video_id for row in queue.waiting(store, 2)] == ["a", "b"]
    assert [row.video_id for row in queue.in_processing(store)] == ["c"]


def test_a_claim_takes_the_video_and_clears_its_error(store: Store) -> None:
    upload(store)
    videos.mark_failed(store, "pitch-1", "No picture.")
    videos.retry(store, "pitch-1")
    row = queue.claim(store, "pitch-1", "run-2", attempt=1)
    assert (row.status, row.job_id, row.error) == ("processing", "run-2", None)


def test_a_run_may_claim_its_video_once_more_as_a_retried_step_does(store: Store) -> None:
    upload(store)
    first = queue.claim(store, "pitch-1", "run-1", attempt=0)
    again = queue.claim(store, "pitch-1", "run-1", attempt=0)
    assert (again.job_id, again.attempts) == (first.job_id, first.attempts)


@pytest.mark.parametrize(
    "overtake",
    [
        lambda store: queue.claim(store, "pitch-1", "another", attempt=0),
        lambda store: videos.retry(store, "pitch-1"),
        lambda store: videos.mark_failed(store, "pitch-1", "No picture."),
    ],
    ids=["taken by another run", "a newer attempt", "failed meanwhile"],
)
def test_a_run_that_was_overtaken_takes_nothing(store: Store, overtake) -> None:
    upload(store)
    overtake(store)
    before = videos.get(store, "pitch-1")
    with pytest.raises(Superseded, match="attempt 0 of pitch-1"):
        queue.claim(store, "pitch-1", "late", attempt=0)
    assert videos.get(store, "pitch-1") == before


@pytest.mark.parametrize("attempt", [None, 0])
def test_a_video_that_nobody_registered_cannot_be_claimed(
    store: Store, attempt: int | None
) -> None:
    with pytest.raises(UnknownVideo):
        queue.claim(store, "nobody", "run-1", attempt=attempt)


@pytest.mark.parametrize(("because", "lost"), [("worker lost", 1), ("shut down", 0)])
def test_a_video_goes_back_once_and_only_a_lost_worker_counts(
    store: Store, because, lost: int
) -> None:
    upload(store)
    queue.claim(store, "pitch-1", "run-1", attempt=0)
    given = [queue.give_back(store, "pitch-1", "run-1", 0, because=because) for _ in range(2)]
    assert given == [True, False]
    row = videos.get(store, "pitch-1")
    assert (row.status, row.job_id, row.attempts) == ("uploaded", None, 1)
    assert row.workers_lost == lost


def test_an_upload_whose_run_never_came_gets_a_new_attempt(store: Store) -> None:
    upload(store)
    assert queue.give_back(store, "pitch-1", None, 0, because="worker lost")
    row = videos.get(store, "pitch-1")
    assert (row.status, row.attempts, row.workers_lost) == ("uploaded", 1, 1)


def test_a_person_who_retries_starts_counting_anew(store: Store) -> None:
    upload(store)
    queue.give_back(store, "pitch-1", None, 0, because="worker lost")
    videos.mark_failed(store, "pitch-1", "Lost.")
    assert videos.retry(store, "pitch-1").workers_lost == 0


def test_giving_up_says_why(store: Store) -> None:
    upload(store)
    queue.claim(store, "pitch-1", "run-1", attempt=0)
    assert queue.give_up(store, "pitch-1", "run-1", 0, "It was cancelled.")
    row = videos.get(store, "pitch-1")
    assert (row.status, row.error, row.job_id) == ("failed", "It was cancelled.", "run-1")


def test_a_video_of_another_run_or_attempt_is_left_alone(store: Store) -> None:
    upload(store)
    before = queue.claim(store, "pitch-1", "newer", attempt=0)
    for run, attempt in (("older", 0), (None, 0), ("newer", 1)):
        assert not queue.give_back(store, "pitch-1", run, attempt, because="worker lost")
        assert not queue.give_up(store, "pitch-1", run, attempt, "No.")
    assert videos.get(store, "pitch-1") == before


def test_users_take_turns_in_the_queue(store: Store) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    for name, owner in (("a1", first), ("a2", first), ("a3", first), ("b1", second), ("own", None)):
        videos.register(store, name, f"/in/{name}.mp4", owner=owner)
    assert [row.video_id for row in queue.waiting(store, 4)] == ["a1", "b1", "own", "a2"]
    queue.claim(store, "a1", "run-1", attempt=0)
    assert [row.video_id for row in queue.waiting(store, 4)] == ["b1", "own", "a2", "a3"]
    turns = text("select video_id, turn from pitchquest.queue")
    found = dict(store.transaction(lambda c: c.execute(turns).all()))
    assert found == {"b1": 1, "own": 1, "a2": 2, "a3": 3}
    assert queue_positions(store) == {"b1": 1, "own": 2, "a2": 3, "a3": 4}


def test_who_was_served_longest_ago_comes_first(store: Store) -> None:
    users = [uuid.uuid4(), uuid.uuid4(), None]
    names = ["a", "b", "own"]
    for name, owner in zip(names, users, strict=True):
        for number in range(3):
            upload_of = f"{name}{number}"
            videos.register(store, upload_of, f"/in/{upload_of}.mp4", owner=owner)
    served = []
    for _ in range(9):
        positions = queue_positions(store)
        [row] = queue.waiting(store, 1)
        assert positions[row.video_id] == 1
        queue.claim(store, row.video_id, "run", attempt=0)
        videos.update(store, row.video_id, "status = 'completed'")
        served.append(row.video_id)
    assert served == [f"{name}{number}" for number in range(3) for name in names]

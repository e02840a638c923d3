import json
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pitchquest_assets.errors import InvalidVideoId, UnknownVideo
from pitchquest_assets.resources import OPTIONS
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.store import Store


def test_an_upload_waits_and_the_same_video_again_waits_again(store: Store) -> None:
    owner = uuid.uuid4()
    first = videos.register(
        store, "pitch", "/in/pitch.mp4", size_bytes=2_500_000, sha256="ab", owner=owner
    )
    assert (first.status, first.attempts, first.filename) == ("uploaded", 0, "pitch.mp4")
    assert first.file_size_mb == 2.5
    queue.claim(store, "pitch", "job-1", attempt=None)
    videos.mark_failed(store, "pitch", "It has no sound.", "job-1")
    again = videos.register(
        store, "pitch", "/in/better.mp4", captions_path="/in/pitch.vtt", owner=owner
    )
    assert (again.status, again.attempts, again.job_id, again.error) == ("uploaded", 1, None, None)
    assert (again.filename, again.captions_path, again.owner) == (
        "better.mp4",
        "/in/pitch.vtt",
        owner,
    )
    assert again.uploaded_at > first.uploaded_at
    assert again.created_at == first.created_at
    assert videos.list_videos(store) == [again]


@pytest.mark.parametrize(
    "video_id", ["", "..", "a/b", "a\nb", "a\n", "x" * 129, "-a", "é", "a b", "a\x00"]
)
def test_an_id_that_is_no_safe_file_name_is_refused_in_one_sentence(
    store: Store, video_id: str
) -> None:
    with pytest.raises(InvalidVideoId) as caught:
        videos.register(store, video_id, "/in/pitch.mp4")
    assert "\n" not in str(caught.value)
    assert videos.list_videos(store) == []


def test_a_failure_keeps_its_sentence_and_the_job(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    assert videos.mark_failed(store, "pitch", "pitch.mp4 is empty.")
    videos.retry(store, "pitch")
    queue.claim(store, "pitch", "job-1", attempt=None)
    assert videos.mark_failed(store, "pitch", "pitch.mp4 has vanished.", "job-1")
    row = videos.get(store, "pitch")
    assert (row.status, row.error, row.job_id) == ("failed", "pitch.mp4 has vanished.", "job-1")


def test_a_run_that_was_overtaken_fails_nothing(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    queue.claim(store, "pitch", "job-1", attempt=None)
    queue.claim(store, "pitch", "job-2", attempt=None)
    assert not videos.mark_failed(store, "pitch", "It was cancelled.", "job-1")
    assert videos.get(store, "pitch").status == "processing"
    videos.retry(store, "pitch")
    assert not videos.mark_failed(store, "pitch", "It was cancelled.", "job-2")
    assert videos.get(store, "pitch").status == "uploaded"


def test_a_retry_counts_an_attempt_and_clears_the_error(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    videos.mark_failed(store, "pitch", "It has no sound.")
    row = videos.retry(store, "pitch")
    assert (row.status, row.attempts, row.error, row.job_id) == ("uploaded", 1, None, None)
    assert videos.retry(store, "pitch").attempts == 2


@pytest.mark.parametrize("other", [None, uuid.uuid4()])
def test_an_upload_of_another_owner_is_left_alone(store: Store, other: uuid.UUID | None) -> None:
    row = videos.register(store, "pitch", "videos/theirs/pitch.mp4", owner=uuid.uuid4())
    with pytest.raises(InvalidVideoId, match="choose another id"):
        videos.register(store, "pitch", "/in/pitch.mp4", owner=other)
    videos.register_refused(store, "pitch", "x", "Too large.", filename="x", size_bytes=1)
    assert videos.list_videos(store) == [row]


def test_an_upload_of_nobody_gets_the_owner_that_comes(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    owner = uuid.uuid4()
    assert videos.register(store, "pitch", "/in/pitch.mp4", owner=owner).owner == owner


def test_an_unknown_video_is_named(store: Store) -> None:
    for call in (
        lambda: videos.get(store, "nobody"),
        lambda: videos.retry(store, "nobody"),
        lambda: queue.claim(store, "nobody", "job-1", attempt=None),
    ):
        with pytest.raises(UnknownVideo, match="'nobody'"):
            call()
    assert not videos.mark_failed(store, "nobody", "It has no sound.")


def test_videos_are_listed_oldest_first_and_by_status(store: Store) -> None:
    for name in ("b", "a", "c"):
        videos.register(store, name, f"/in/{name}.mp4")
    queue.claim(store, "a", "job-1", attempt=None)
    assert [row.video_id for row in videos.list_videos(store)] == ["b", "a", "c"]
    assert [row.video_id for row in videos.list_videos(store, "uploaded")] == ["b", "c"]


def choose(store: Store, options: object) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    statement = text("update videos set options = cast(:options as jsonb)")
    store.transaction(lambda c: c.execute(statement, {"options": json.dumps(options)}))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"language": "de"},
        {"language": None},
        {"transcriber": "whisper", "whisper_model": "small.en", "judge": "rules"},
        {"judge_samples": 9, "max_frames": 1},
        dict(zip(OPTIONS, ("off", "large-v3", "gemini", 3, "en", 500), strict=True)),
    ],
)
def test_known_options_are_kept(store: Store, options: dict[str, object]) -> None:
    choose(store, options)
    assert videos.get(store, "pitch").options == options


@pytest.mark.parametrize(
    "options",
    [
        [],
        "language",
        None,
        {"speed": 2},
        {"transcriber": "shout"},
        {"transcriber": None},
        {"whisper_model": "../../etc"},
        {"whisper_model": ""},
        {"judge": ["rules"]},
        {"judge_samples": 0},
        {"judge_samples": "3"},
        {"judge_samples": 2.5},
        {"max_frames": -1},
        {"max_frames": 1000},
        {"max_frames": True},
        {"language": "english"},
        {"language": 1},
    ],
)
def test_anything_else_is_refused(store: Store, options: object) -> None:
    with pytest.raises(IntegrityError, match="videos_options_are_known"):
        choose(store, options)


@pytest.fixture
def unguarded(store: Store) -> Iterator[None]:
    """The table without the constraint that keeps unreadable numbers out."""
    constraint = "videos_numbers_are_finite"
    with store.engine.begin() as connection:
        definition = connection.scalar(
            text("select pg_get_constraintdef(oid) from pg_constraint where conname = :name"),
            {"name": constraint},
        )
        connection.execute(text(f"alter table videos drop constraint {constraint}"))
    yield
    with store.engine.begin() as connection:
        connection.execute(text("truncate videos cascade"))
        connection.execute(text(f"alter table videos add constraint {constraint} {definition}"))


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_a_row_that_cannot_be_read_fails_alone(store: Store, unguarded: None, number: str) -> None:
    for name in ("before", "bad", "taken", "after"):
        videos.register(store, name, f"/in/{name}.mp4")
    queue.claim(store, "taken", "run", attempt=0)
    change = "update videos set file_size_mb = :number where video_id in ('bad', 'taken')"
    with store.engine.begin() as connection:
        connection.execute(text(change), {"number": float(number)})
    assert [row.video_id for row in queue.waiting(store, 10)] == ["before", "after"]
    assert queue.in_processing(store) == []
    rows = {row.video_id: row for row in videos.list_videos(store)}
    assert {name: row.status for name, row in rows.items()} == {
        "before": "uploaded",
        "bad": "failed",
        "taken": "failed",
        "after": "uploaded",
    }
    sentence = "This row cannot be read (file_size_mb): register the video again."
    assert (rows["bad"].file_size_mb, rows["bad"].error) == (None, sentence)
    assert videos.get(store, "bad").error == sentence
    with store.engine.connect() as connection:
        stored = connection.execute(
            text("select status from videos where error = :e"), {"e": sentence}
        )
        assert stored.scalars().all() == ["failed", "failed"]
    assert videos.register(store, "bad", "/in/bad.mp4").status == "uploaded"


def test_what_a_terminal_would_obey_does_not_get_into_a_row(store: Store) -> None:
    videos.register(store, "v", "/in/v.mp4", filename="a\x1b[2J\u202eb\n.mp4\u200b")
    videos.mark_failed(store, "v", "\x1b]0;owned\x07It is \u2067bad.\n" + "x" * 5_000)
    row = videos.get(store, "v")
    assert row.filename == "a [2Jb .mp4"
    assert row.error is not None
    assert row.error.startswith("]0;owned It is bad. xxx")
    assert len(row.error) == 2_000
    with store.engine.connect() as connection:
        assert connection.scalar(text("select message from alerts")) == f"v: {row.error}"


def test_a_video_is_found_by_what_only_its_id_begins_with(store: Store) -> None:
    for video_id in ("pitch", "pitch-2", "other_1"):
        videos.register(store, video_id, "/in/pitch.mp4")
    for given, found in (("pitch", "pitch"), ("pitch-", "pitch-2"), ("o", "other_1")):
        assert videos.by_prefix(store, given).video_id == found
    with pytest.raises(InvalidVideoId, match=r"2 videos begin with pi \(pitch, pitch-2 …\)"):
        videos.by_prefix(store, "pi")
    with pytest.raises(UnknownVideo):
        videos.by_prefix(store, "other%1")

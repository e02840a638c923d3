import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import dagster as dg
import pytest
from sqlalchemy import text

from pitchquest_assets.automation.upload_sensors import (
    LISTENING_VARIABLE,
    MAX_REQUESTS,
    inbox,
    missed_uploads,
    new_uploads,
)
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.registration import video_id_of
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.wiring import evaluate, job

AGE = "update videos set updated_at = now() - interval '1 minute' where video_id = :video_id"
OWNER = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def instance(store: Store) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def tick(
    instance: dg.DagsterInstance,
    sensor: dg.SensorDefinition = new_uploads,
    cursor: str | None = None,
) -> dg.SensorResult:
    return evaluate(sensor, instance, cursor)


def keys_of(result: dg.SensorResult | dg.SkipReason) -> list[str | None]:
    requests = result.run_requests if isinstance(result, dg.SensorResult) else []
    return [request.run_key for request in requests or []]


def test_an_upload_asks_for_its_run(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITCHQUEST_MAX_RUN_SECONDS", "600")
    videos.register(store, "pitch-1", "/in/pitch.mp4", owner=OWNER)
    videos.retry(store, "pitch-1")
    [request] = tick(instance).run_requests or []
    assert (request.run_key, request.partition_key) == ("pitch-1:1", "pitch-1")
    assert request.tags == {
        "video_id": "pitch-1",
        "owner": OWNER,
        "attempt": "1",
        "dagster/max_runtime": "600",
    }
    assert instance.get_dynamic_partitions("videos") == ["pitch-1"]


def test_the_options_of_a_row_are_those_of_its_run(
    instance: dg.DagsterInstance, store: Store
) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    videos.update(store, "pitch", "options = cast(:o as jsonb)", o='{"language": "de"}')
    [request] = tick(instance).run_requests or []
    chosen = {"resources": {"options": {"config": {"language": "de"}}}}
    assert request.run_config == chosen
    dg.validate_run_config(job("analyze_pitch"), request.run_config)


def test_a_young_upload_is_left_to_up_where_that_hears_of_it(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LISTENING_VARIABLE, "on")
    for name in ("young", "old"):
        videos.register(store, name, f"/in/{name}.mp4")
    with store.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))  # no triggers
        connection.execute(text(AGE), {"video_id": "old"})
    assert keys_of(tick(instance)) == ["old:0"]
    monkeypatch.delenv(LISTENING_VARIABLE)
    assert keys_of(tick(instance)) == ["young:0", "old:0"]


def test_ticks_that_come_twice_ask_for_the_same(instance: dg.DagsterInstance, store: Store) -> None:
    for name in ("a", "b"):
        videos.register(store, name, f"/in/{name}.mp4")
    assert keys_of(tick(instance)) == keys_of(tick(instance)) == ["a:0", "b:0"]


def test_only_what_waits_is_asked_for(instance: dg.DagsterInstance, store: Store) -> None:
    assert isinstance(tick(instance), dg.SkipReason)
    for name in ("taken", "failed", "waits"):
        videos.register(store, name, f"/in/{name}.mp4")
    queue.claim(store, "taken", "run-1", attempt=0)
    videos.mark_failed(store, "failed", "No picture.")
    assert keys_of(tick(instance)) == ["waits:0"]


def test_a_tick_takes_the_oldest_and_no_more_than_its_limit(
    instance: dg.DagsterInstance, store: Store
) -> None:
    names = [f"v{index:03d}" for index in range(MAX_REQUESTS + 5)]
    for name in reversed(names):
        videos.register(store, name, f"/in/{name}.mp4")
    oldest = list(reversed(names))[:MAX_REQUESTS]
    assert keys_of(tick(instance)) == [f"{name}:0" for name in oldest]
    assert sorted(instance.get_dynamic_partitions("videos")) == sorted(oldest)


def test_the_bucket_is_looked_into_only_with_supabase(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tick(instance, missed_uploads) == dg.SkipReason("SUPABASE_URL is not set.")
    monkeypatch.setenv("SUPABASE_URL", "https://x")
    monkeypatch.setattr(StoreResource, "store", lambda self: store)
    monkeypatch.setattr(queue, "reconcile_uploads", lambda store: 3)
    assert tick(instance, missed_uploads) == dg.SkipReason("3 uploads were missed.")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty inbox."""
    found = tmp_path / "in"
    found.mkdir()
    monkeypatch.setenv("PITCHQUEST_INBOX", str(found))
    return found


@pytest.fixture
def look(instance: dg.DagsterInstance) -> Callable[[], None]:
    """One tick after another, each with the cursor of the one before."""
    cursor: list[str | None] = [None]

    def once() -> None:
        cursor[0] = tick(instance, inbox, cursor[0]).cursor

    return once


def attempts(store: Store) -> dict[str, int]:
    return {row.filename: row.attempts for row in videos.list_videos(store)}


def test_without_an_inbox_nothing_happens(instance: dg.DagsterInstance) -> None:
    skipped = tick(instance, inbox).skip_reason
    assert skipped == dg.SkipReason("PITCHQUEST_INBOX is not set.")


def test_a_missing_inbox_is_told(folder: Path, look: Callable[[], None]) -> None:
    folder.rmdir()
    with pytest.raises(SettingsError, match=f"PITCHQUEST_INBOX is {folder}, which is not a folder"):
        look()


def test_a_file_is_registered_once_it_has_stopped_growing(
    store: Store, folder: Path, look: Callable[[], None]
) -> None:
    path = folder / "My pitch.MP4"
    for size in (10, 20):
        path.write_bytes(bytes(size))
        look()
        assert attempts(store) == {}
    look()
    [row] = videos.list_videos(store)
    assert (row.video_id, row.file_path) == (video_id_of(path), str(path))
    assert (row.status, row.file_size_mb) == ("uploaded", 20 / 1e6)


def test_a_known_file_is_not_registered_again_until_it_is_another(
    store: Store, folder: Path, look: Callable[[], None]
) -> None:
    path = folder / "pitch.mp4"
    path.write_bytes(bytes(1_234_567))
    for _ in range(4):
        look()
    assert attempts(store) == {"pitch.mp4": 0}
    path.write_bytes(bytes(1_234_568))
    for _ in range(4):
        look()
    assert attempts(store) == {"pitch.mp4": 1}


def linked(folder: Path) -> None:
    (folder.parent / "elsewhere.mp4").write_bytes(b"x")
    (folder / "link.mp4").symlink_to(folder.parent / "elsewhere.mp4")


def with_linked_captions(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("for nobody else")
    (folder / "other.mp4").write_bytes(b"x")
    (folder / "other.srt").symlink_to(folder.parent / "secret.txt")


def hidden(folder: Path) -> None:
    (folder / ".pitch.mp4").write_bytes(b"x")


def foreign(folder: Path) -> None:
    (folder / "notes.txt").write_bytes(b"x")
    (folder / "pitch.mp4.part").write_bytes(b"x")


def a_folder(folder: Path) -> None:
    (folder / "album.mp4").mkdir()


def dangling(folder: Path) -> None:
    (folder / "gone.mp4").symlink_to(folder / "nowhere.mp4")


def unprintable(folder: Path) -> None:
    (folder / "a\x1bname.mp4").write_bytes(b"x")


def no_text(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xff.mp4")).write_bytes(b"x")


@pytest.mark.parametrize(
    "leave",
    [linked, with_linked_captions, hidden, foreign, a_folder, dangling, unprintable, no_text],
)
def test_what_is_no_video_file_is_left_and_stops_no_other(
    store: Store, folder: Path, look: Callable[[], None], leave: Callable[[Path], None]
) -> None:
    leave(folder)
    (folder / "pitch.mp4").write_bytes(b"x")
    for _ in range(3):
        look()
    assert attempts(store) == {"pitch.mp4": 0}


def test_a_file_that_is_taken_away_meanwhile_is_no_error(
    store: Store, folder: Path, look: Callable[[], None]
) -> None:
    (folder / "pitch.mp4").write_bytes(b"x")
    look()
    shutil.rmtree(folder)
    folder.mkdir()
    look()
    assert attempts(store) == {}


class Machine:
    """Does one run after another, as Dagster's daemon takes them; the sensor ticks now and then."""

    def __init__(self, instance: dg.DagsterInstance, store: Store, tick_every: int) -> None:
        self.instance, self.store, self.tick_every = instance, store, tick_every
        self.seen: set[str | None] = set()
        self.served: list[str | None] = []

    def request(self) -> None:
        result = tick(self.instance)
        for request in (result.run_requests or []) if isinstance(result, dg.SensorResult) else []:
            if request.run_key not in self.seen:
                self.seen.add(request.run_key)
                tags = {**request.tags, "dagster/run_key": str(request.run_key)}
                self.instance.add_run(dg.DagsterRun("analyze_pitch", tags=tags))

    def go_on(self, count: int) -> None:
        for number in range(count):
            if number % self.tick_every == 0:
                self.request()
            queued = self.instance.get_runs()
            # The oldest of those with the highest priority; they come newest first.
            run = max(reversed(queued), key=lambda run: int(run.tags.get("dagster/priority", 0)))
            queue.claim(self.store, run.tags["video_id"], run.run_id, attempt=0)
            videos.update(self.store, run.tags["video_id"], "status = 'completed'")
            self.instance.delete_run(run.run_id)
            self.served.append(run.tags.get("owner"))


@pytest.mark.parametrize("requested", [4, 8, 50])
def test_users_take_turns_however_many_uploads_of_each_wait(
    instance: dg.DagsterInstance, store: Store, monkeypatch: pytest.MonkeyPatch, requested: int
) -> None:
    monkeypatch.setattr("pitchquest_assets.automation.upload_sensors.MAX_REQUESTS", requested)
    users = [f"{number}1111111-2222-3333-4444-555555555555" for number in range(5)]
    for user in users:
        for number in range(8):
            name = f"{user[0]}-{number}"
            videos.register(store, name, f"/in/{name}.mp4", owner=UUID(user))
    machine = Machine(instance, store, tick_every=3)
    machine.go_on(14)
    late = "91111111-2222-3333-4444-555555555555"
    videos.register(store, "late", "/in/late.mp4", owner=UUID(late))
    machine.go_on(21)
    for count in range(1, 36):
        served = Counter(machine.served[:count])
        shares = [served[user] for user in users]
        assert max(shares) - min(shares) <= 2, machine.served
    assert machine.served.index(late) < 14 + 3 + requested + len(users)

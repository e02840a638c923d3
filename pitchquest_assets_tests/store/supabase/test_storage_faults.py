"""A Storage server that fails: what is survived, and how the rest is told."""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pitchquest_assets.errors import ObjectRefused, SettingsError, StoreUnavailable
from pitchquest_assets.store.supabase import storage as supabase_storage
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.upload import CHUNK_BYTES
from pitchquest_assets.store.supabase.video_bucket import VideoBucket
from pitchquest_assets_tests.support.storage.keys import PUBLISHABLE_KEY, SECRET_KEY, token
from pitchquest_assets_tests.support.storage.objects import Bucket
from pitchquest_assets_tests.support.storage.server import StorageServer

OPERATIONS = 500


def test_of_500_operations_none_is_lost_or_doubled_where_a_tenth_of_the_requests_fail(
    server: StorageServer, storage: SupabaseStorage
) -> None:
    # A request fails 9 times in a row once in a thousand million.
    storage.attempts = 9
    server.faults.share, server.faults.hang_seconds = 0.1, 0.5
    objects = SupabaseObjects(storage)
    quarter = OPERATIONS // 4

    def life(number: int) -> None:
        path = f"asset/video-{number}/value.bin"
        objects.put(path, b"old", "application/octet-stream")
        objects.put(path, f"value {number}".encode(), "application/octet-stream")
        assert objects.get(path) == f"value {number}".encode()
        if number % 2:
            objects.delete(path)
        else:
            assert objects.exists(path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(life, range(quarter)))
    assert server.faults.failed > OPERATIONS * 0.07
    left = {name: server.data(f"pitchquest/{name}") for name in server.names("pitchquest")}
    assert left == {
        f"asset/video-{number}/value.bin": f"value {number}".encode()
        for number in range(0, quarter, 2)
    }
    listed = list(objects.written_before(datetime.now(UTC) + timedelta(minutes=1)))
    assert listed == sorted(left)


def test_uploads_and_downloads_survive_that_too(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    server.faults.share, server.faults.hang_seconds = 0.2, 0.4
    bucket = VideoBucket(storage)
    for number in range(4):
        given = tmp_path / f"given-{number}"
        given.write_bytes(os.urandom(2 * CHUNK_BYTES + number))
        bucket.upload(given, f"{number}.mp4")
        assert server.data(f"videos/{number}.mp4") == given.read_bytes()
        assert bucket.download(f"{number}.mp4", tmp_path / "taken", 100) == _sha256(given)
    assert server.faults.failed > 2
    assert len(server.names("videos")) == 4


def test_a_server_that_dies_in_the_middle_of_an_upload_is_sent_only_what_it_lacks(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    given.write_bytes(os.urandom(3 * CHUNK_BYTES))
    server.faults.die_at = ("PATCH", CHUNK_BYTES // 2)
    VideoBucket(storage).upload(given, "a.mp4")
    assert server.faults.die_at is None
    assert server.data("videos/a.mp4") == given.read_bytes()
    created = [path for method, path in server.requests if (method, path[-9:]) == _CREATE]
    assert len(created) == 1


def test_an_upload_that_gets_further_with_each_try_is_not_given_up(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    given.write_bytes(os.urandom(4 * CHUNK_BYTES + 1))
    server.faults.answers = [(503, {}, b"not yet")]  # already to its creation
    die_always(server, "PATCH", CHUNK_BYTES // 2)
    VideoBucket(storage).upload(given, "a.mp4")
    assert server.data("videos/a.mp4") == given.read_bytes()


def test_a_download_that_never_gets_further_is_given_up(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = VideoBucket(storage)
    given = tmp_path / "given"
    given.write_bytes(os.urandom(1_000_000))
    bucket.upload(given, "a.mp4")
    # A gateway that knows no ranges and cuts what takes long.
    monkeypatch.setattr(
        "pitchquest_assets_tests.support.storage.routes._Handler._send_object",
        lambda handler, stored: handler.answer(200, stored.data, {"ETag": stored.etag}),
    )
    die_always(server, "GET", 500_000)
    with pytest.raises(StoreUnavailable, match="does not answer for videos"):
        bucket.download("a.mp4", tmp_path / "taken", 100)


def die_always(server: StorageServer, method: str, count: int) -> None:
    """Cut each such request after so many bytes, and be back at once."""

    def again() -> None:
        server.faults.die_at = (method, count)

    server.on_death, server.faults.down_seconds = again, 0.0
    again()


def test_an_upload_whose_end_the_server_forgot_is_made_again(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    given.write_bytes(os.urandom(CHUNK_BYTES + 1))
    forgotten: list[str] = []

    def forget(stored: Any) -> None:
        if not forgotten:
            forgotten.append(stored.name)
            del server.objects[stored.bucket, stored.name]

    server.on_upload = forget
    VideoBucket(storage).upload(given, "a.mp4")
    assert server.data("videos/a.mp4") == given.read_bytes()


def test_a_server_that_dies_in_the_middle_of_a_download_goes_on_where_it_was(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    bucket = VideoBucket(storage)
    given = tmp_path / "given"
    given.write_bytes(os.urandom(2_000_000))
    bucket.upload(given, "a.mp4")
    server.faults.die_at = ("GET", 1_000_000)
    assert bucket.download("a.mp4", tmp_path / "taken", 100) == _sha256(given)
    assert server.faults.die_at is None
    assert (tmp_path / "taken").read_bytes() == given.read_bytes()
    assert sum(path.startswith("/storage/v1/object/sign") for _, path in server.requests) >= 3


def test_a_signed_url_that_expires_on_the_way_is_replaced(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    bucket = VideoBucket(storage)
    given = tmp_path / "given"
    given.write_bytes(os.urandom(1_000_000))
    bucket.upload(given, "a.mp4")
    server.signed_seconds = -1
    threading.Timer(0.1, lambda: setattr(server, "signed_seconds", None)).start()
    assert bucket.download("a.mp4", tmp_path / "taken", 100) == _sha256(given)


def test_a_file_that_is_replaced_on_the_way_is_never_mixed(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    bucket = VideoBucket(storage)
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(os.urandom(2_000_000))
    new.write_bytes(os.urandom(1_500_000))
    bucket.upload(old, "a.mp4")
    server.faults.die_at = ("GET", 1_000_000)
    stored = server.objects["videos", "a.mp4"]
    server.on_death = lambda: setattr(stored, "data", new.read_bytes())
    assert bucket.download("a.mp4", tmp_path / "taken", 100) == _sha256(new)
    assert (tmp_path / "taken").read_bytes() == new.read_bytes()


def test_retry_after_is_waited_for(server: StorageServer, storage: SupabaseStorage) -> None:
    pauses: list[float] = []
    server.faults.answers = [(429, {"Retry-After": "7"}, b"slow down")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.nap.time.sleep", pauses.append)
        SupabaseObjects(storage).put("a.txt", b"x", "text/plain")
    assert pauses == [7.0]
    assert server.data("pitchquest/a.txt") == b"x"


@pytest.mark.parametrize("size", [1_000, CHUNK_BYTES + 1])
def test_the_key_is_not_taken_to_another_host(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path, size: int
) -> None:
    (tmp_path / "given").write_bytes(bytes(size))
    with StorageServer() as elsewhere:
        headers = {"Location": f"{elsewhere.url}/storage/v1/upload/resumable"}
        server.faults.answers = [(307, headers, b"")]
        with pytest.raises(ObjectRefused, match="307"):
            VideoBucket(storage).upload(tmp_path / "given", "a.mp4")
        assert elsewhere.requests == []


def test_an_upload_does_not_go_on_at_another_host(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    (tmp_path / "given").write_bytes(bytes(CHUNK_BYTES + 1))
    with StorageServer() as elsewhere:
        location = f"{elsewhere.url}/storage/v1/upload/resumable/1"
        server.faults.answers = [(201, {"Location": location, "Tus-Resumable": "1.0.0"}, b"")]
        with pytest.raises(ObjectRefused, match=r"would go on at .* which is not SUPABASE_URL"):
            VideoBucket(storage).upload(tmp_path / "given", "a.mp4")
        assert elsewhere.requests == []


def test_a_page_of_somebody_else_is_no_answer(
    server: StorageServer, storage: SupabaseStorage
) -> None:
    page = (200, {"Content-Type": "text/html"}, b"<h1>Sign in to this Wi-Fi</h1>")
    server.faults.answers = [page] * 2
    SupabaseObjects(storage).put("a.txt", b"x", "text/plain")
    assert server.data("pitchquest/a.txt") == b"x"
    server.faults.answers = [page] * supabase_storage.ATTEMPTS
    with pytest.raises(StoreUnavailable, match="the answer is not Storage's"):
        SupabaseObjects(storage).put("a.txt", b"x", "text/plain")


@pytest.mark.parametrize("seconds", ["3600", "0"])
def test_a_server_that_stays_away_is_told_in_one_sentence(
    server: StorageServer, storage: SupabaseStorage, seconds: str
) -> None:
    page = (503, {"Retry-After": seconds}, b"<html>\n<h1>Service Unavailable</h1>")
    server.faults.answers = [page] * supabase_storage.ATTEMPTS
    with pytest.raises(StoreUnavailable, match="does not answer for pitchquest/a") as caught:
        SupabaseObjects(storage).get("a.txt")
    assert "html" not in str(caught.value)
    used = supabase_storage.ATTEMPTS - len(server.faults.answers)
    assert used == (1 if seconds == "3600" else supabase_storage.ATTEMPTS)


@pytest.mark.parametrize("size", [2_000, CHUNK_BYTES + 1])
def test_a_file_over_the_limit_or_of_a_wrong_type_is_refused_at_once(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path, size: int
) -> None:
    given = tmp_path / "given"
    given.write_bytes(bytes(size))
    bucket = VideoBucket(storage)
    server.buckets["videos"] = Bucket("videos", file_size_limit=1_000)
    with pytest.raises(ObjectRefused, match="larger than Supabase Storage takes: raise"):
        bucket.upload(given, "a.mp4")
    server.buckets["videos"] = Bucket("videos", allowed_mime_types=["image/*"])
    with pytest.raises(ObjectRefused, match="allow this media type"):
        bucket.upload(given, "a.mp4")
    assert not server.names("videos")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "key",
    [token("service_role", secret="another-project's-secret-of-32-bytes"), "sb_secret_of_another"],
)
def test_a_key_of_another_project_is_told_without_the_key(server: StorageServer, key: str) -> None:
    with pytest.raises(SettingsError, match="does not accept SUPABASE_KEY") as caught:
        SupabaseObjects(SupabaseStorage(server.url, key)).get("a.txt")
    assert key not in str(caught.value)
    assert len(server.requests) == 1


def test_the_secret_key_of_the_new_kind_works_and_the_publishable_one_reads_nothing(
    server: StorageServer,
) -> None:
    SupabaseObjects(SupabaseStorage(server.url, SECRET_KEY)).put("a.txt", b"x", "text/plain")
    with pytest.raises(FileNotFoundError):
        SupabaseObjects(SupabaseStorage(server.url, PUBLISHABLE_KEY)).get("a.txt")


_CREATE = ("POST", "resumable")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()

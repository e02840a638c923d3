"""Uploads to a Storage server that fails."""

import os
from pathlib import Path
from typing import Any

import pytest

from pitchquest_assets.errors import ObjectRefused, StoreUnavailable
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.upload import CHUNK_BYTES
from pitchquest_assets.store.supabase.video_bucket import VideoBucket
from pitchquest_assets_tests.support.storage.objects import Bucket
from pitchquest_assets_tests.support.storage.server import StorageServer

_CREATE = ("POST", "resumable")


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
    server.faults.answers = [(503, {}, b"not yet")]  # already when it is created
    server.die_always("PATCH", CHUNK_BYTES // 2)
    VideoBucket(storage).upload(given, "a.mp4")
    assert server.data("videos/a.mp4") == given.read_bytes()


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


@pytest.mark.parametrize("size", [2_000, CHUNK_BYTES + 1])
def test_a_file_over_the_limit_or_of_a_wrong_type_is_refused_at_once(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path, size: int
) -> None:
    given = tmp_path / "given"
    given.write_bytes(bytes(size))
    bucket = VideoBucket(storage)
    server.buckets["videos"] = Bucket("videos", file_size_limit=1_000)
    with pytest.raises(ObjectRefused, match="larger than Supabase Storage accepts: raise"):
        bucket.upload(given, "a.mp4")
    server.buckets["videos"] = Bucket("videos", allowed_mime_types=["image/*"])
    with pytest.raises(ObjectRefused, match="allow this media type"):
        bucket.upload(given, "a.mp4")
    assert not server.names("videos")
    assert len(server.requests) == 2


@pytest.fixture
def broken_off(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> tuple[Path, VideoBucket]:
    """A file of four chunks whose upload was given up after two, and the bucket that knows it."""
    given = tmp_path / "given"
    given.write_bytes(os.urandom(4 * CHUNK_BYTES))
    bucket = VideoBucket(storage, tmp_path / "uploads")
    storage.attempts = 1
    server.faults.die_at, server.faults.spare = ("PATCH", 1), 2
    server.faults.down_seconds = 1_000
    with pytest.raises(StoreUnavailable):
        bucket.upload(given, "a.mp4")
    server.come_back()
    storage.attempts = 6
    return given, bucket


def test_a_later_process_goes_on_with_an_upload_that_broke_off(
    server: StorageServer, broken_off: tuple[Path, VideoBucket]
) -> None:
    given, bucket = broken_off
    assert bucket.arrived_bytes(given, "a.mp4") == 2 * CHUNK_BYTES
    bucket.upload(given, "a.mp4")
    assert server.data("videos/a.mp4") == given.read_bytes()
    assert len(server.uploads) == 1
    assert bucket.arrived_bytes(given, "a.mp4") == 0


def test_an_upload_that_the_server_has_forgotten_begins_anew(
    server: StorageServer, broken_off: tuple[Path, VideoBucket]
) -> None:
    given, bucket = broken_off
    server.uploads.clear()
    bucket.upload(given, "a.mp4")
    assert server.data("videos/a.mp4") == given.read_bytes()
    assert len(server.uploads) == 1


@pytest.mark.parametrize("other", ["the file has changed", "another place"])
def test_another_upload_does_not_go_on_with_it(
    server: StorageServer, broken_off: tuple[Path, VideoBucket], other: str
) -> None:
    given, bucket = broken_off
    place = "a.mp4"
    if other == "another place":
        place = "b.mp4"
    else:
        given.write_bytes(os.urandom(4 * CHUNK_BYTES))
    assert bucket.arrived_bytes(given, place) == 0
    bucket.upload(given, place)
    assert server.data(f"videos/{place}") == given.read_bytes()
    assert len(server.uploads) == 2


def test_a_record_that_cannot_be_read_is_none(
    server: StorageServer, broken_off: tuple[Path, VideoBucket]
) -> None:
    given, bucket = broken_off
    for record in bucket.records.glob("*") if bucket.records else ():
        record.write_text("{")
    bucket.upload(given, "a.mp4")
    assert server.data("videos/a.mp4") == given.read_bytes()

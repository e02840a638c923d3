"""What must hold of any Storage server; PITCHQUEST_TEST_STORAGE_URL runs it against a real one."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitchquest_assets.errors import InvalidVideo, ObjectRefused, SettingsError, StoreCorrupt
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.upload import CHUNK_BYTES, upload_resumably
from pitchquest_assets.store.supabase.video_bucket import VideoBucket

# What Storage accepts, and what has a meaning of its own in a URL.
ODD_NAMES = ["what? is (it) & how+much=1.mp4", "it's $5, a@b; c:d!.mp4"]
REFUSED_NAMES = ["pitch#1.mp4", "100%.mp4", "a%23b.mp4", 'say "hi".mp4', "präsentation.mp4"]


@pytest.fixture
def objects(any_storage: SupabaseStorage) -> SupabaseObjects:
    return SupabaseObjects(any_storage)


@pytest.fixture
def folder(objects: SupabaseObjects) -> Iterator[str]:
    """A folder of the test's own, empty again after it."""
    name = f"test/{uuid.uuid4()}"
    yield name
    for path in objects.written_before(datetime.now(UTC) + timedelta(minutes=5)):
        if path.startswith(name):
            objects.delete(path)


@pytest.fixture
def bucket(any_storage: SupabaseStorage, folder: str) -> Iterator[VideoBucket]:
    """The bucket of the videos, without what the test put there after it."""
    opened = VideoBucket(any_storage)
    yield opened
    for name in ("small.mp4", "large.mp4", *ODD_NAMES):
        opened.remove(f"{folder}/{name}")


def test_an_object_is_written_read_replaced_and_removed(
    objects: SupabaseObjects, folder: str
) -> None:
    path = f"{folder}/1.zip"
    assert not objects.exists(path)
    objects.put(path, b"one\r\n--\r\n", "application/zip")
    assert objects.get(path) == b"one\r\n--\r\n"
    objects.put(path, b"two", "application/zip")
    assert objects.get(path) == b"two"
    assert objects.exists(path)
    objects.delete(path)
    objects.delete(path)
    assert not objects.exists(path)
    with pytest.raises(FileNotFoundError, match=path):
        objects.get(path)


def test_the_objects_written_before_a_moment_are_found_over_several_pages(
    objects: SupabaseObjects, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pitchquest_assets.store.supabase.objects.PAGE", 2)
    paths = [f"{folder}/{name}/x.txt" for name in "abcde"]
    for path in paths:
        objects.put(path, b"x", "text/plain")
    found = []
    for path in objects.written_before(datetime.now(UTC) + timedelta(minutes=5)):
        if path.startswith(folder):
            found.append(path)
            objects.delete(path)  # as the sweep does while it lists
    assert found == paths
    assert not list(objects.written_before(datetime(2020, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    "path", ["../x", "a/../x", "/etc/passwd", "a//b", "", ".hidden", "é", "a#b"]
)
def test_a_path_that_leads_elsewhere_is_refused(objects: SupabaseObjects, path: str) -> None:
    for call in (objects.get, objects.delete, objects.exists):
        with pytest.raises(StoreCorrupt, match="not a path inside the object store"):
            call(path)


@pytest.mark.parametrize("size", [0, 1_000, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 4_321])
def test_a_file_comes_back_as_it_was_whatever_its_size(
    bucket: VideoBucket, folder: str, tmp_path: Path, size: int
) -> None:
    name = "large.mp4" if size > CHUNK_BYTES else "small.mp4"
    (tmp_path / "given").write_bytes(os.urandom(size))
    for _ in range(2):  # a second upload replaces the first
        bucket.upload(tmp_path / "given", f"{folder}/{name}")
    sha256 = bucket.download(f"{folder}/{name}", tmp_path / "taken", max_size_mb=100)
    assert (tmp_path / "taken").read_bytes() == (tmp_path / "given").read_bytes()
    assert sha256 == hashlib.sha256((tmp_path / "given").read_bytes()).hexdigest()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["given", "taken"]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("size", [1_000, CHUNK_BYTES + 1])
def test_a_name_that_is_not_plain_in_a_url_comes_back_too(
    bucket: VideoBucket, folder: str, tmp_path: Path, name: str, size: int
) -> None:
    (tmp_path / "given").write_bytes(os.urandom(size))
    bucket.upload(tmp_path / "given", f"{folder}/{name}")
    bucket.download(f"{folder}/{name}", tmp_path / "taken", max_size_mb=100)
    assert (tmp_path / "taken").read_bytes() == (tmp_path / "given").read_bytes()


def test_a_file_beyond_the_limit_is_not_fetched(
    bucket: VideoBucket, folder: str, tmp_path: Path
) -> None:
    (tmp_path / "given").write_bytes(bytes(20_000))
    bucket.upload(tmp_path / "given", f"{folder}/small.mp4")
    with pytest.raises(InvalidVideo, match=r"larger than 0\.01 MB \(PITCHQUEST_MAX_SIZE_MB\)"):
        bucket.download(f"{folder}/small.mp4", tmp_path / "taken", max_size_mb=0.01)
    assert [file.name for file in tmp_path.iterdir()] == ["given"]


def test_a_file_that_is_not_there_is_missing(
    bucket: VideoBucket, folder: str, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match="no object"):
        bucket.download(f"{folder}/none.mp4", tmp_path / "taken", max_size_mb=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", REFUSED_NAMES)
@pytest.mark.parametrize("size", [10, CHUNK_BYTES + 1])
def test_a_name_that_storage_does_not_take_is_told(
    bucket: VideoBucket, folder: str, tmp_path: Path, name: str, size: int
) -> None:
    (tmp_path / "given").write_bytes(bytes(size))
    with pytest.raises(ObjectRefused, match=name):
        bucket.upload(tmp_path / "given", f"{folder}/{name}")


def test_a_bucket_that_does_not_exist_is_told(any_storage: SupabaseStorage, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'nowhere' does not exist"):
        SupabaseObjects(any_storage, "nowhere").put("a.txt", b"x", "text/plain")
    (tmp_path / "given").write_bytes(bytes(CHUNK_BYTES + 1))
    with pytest.raises(SettingsError, match="'nowhere' does not exist"):
        upload_resumably(any_storage, tmp_path / "given", "nowhere", "a.mp4", "video/mp4")

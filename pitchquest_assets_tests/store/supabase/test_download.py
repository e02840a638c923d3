"""Downloads from a Storage server that fails."""

import os
from pathlib import Path

import pytest

from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.video_bucket import VideoBucket
from pitchquest_assets_tests.support.checksums import sha256_of
from pitchquest_assets_tests.support.storage.server import StorageServer


def test_a_download_that_never_gets_further_is_given_up(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = VideoBucket(storage)
    given = tmp_path / "given"
    given.write_bytes(os.urandom(1_000_000))
    bucket.upload(given, "a.mp4")
    # A gateway that does not support ranges and cuts off slow answers.
    monkeypatch.setattr(
        "pitchquest_assets_tests.support.storage.routes._Handler._send_object",
        lambda handler, stored: handler.answer(200, stored.data, {"ETag": stored.etag}),
    )
    server.die_always("GET", 500_000)
    with pytest.raises(StoreUnavailable, match="does not answer for videos"):
        bucket.download("a.mp4", tmp_path / "taken", 100)


def test_a_server_that_dies_in_the_middle_of_a_download_goes_on_where_it_was(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    bucket = VideoBucket(storage)
    given = tmp_path / "given"
    given.write_bytes(os.urandom(2_000_000))
    bucket.upload(given, "a.mp4")
    server.faults.die_at = ("GET", 1_000_000)
    assert bucket.download("a.mp4", tmp_path / "taken", 100) == sha256_of(given)
    assert server.faults.die_at is None
    assert (tmp_path / "taken").read_bytes() == given.read_bytes()
    first, second = server.ranges
    assert first is None
    assert 0 < int(str(second).removeprefix("bytes=").removesuffix("-")) < 2_000_000
    asked = [path for method, path in server.requests if method == "GET"]
    assert set(asked) == {"/storage/v1/object/authenticated/videos/a.mp4"}


def test_an_object_of_the_pipeline_is_read_on_where_the_server_died(
    server: StorageServer, storage: SupabaseStorage
) -> None:
    objects, given = SupabaseObjects(storage), os.urandom(2_000_000)
    objects.put("frames/v/1.zip", given, "application/zip")
    server.faults.die_at = ("GET", 1_000_000)
    assert objects.get("frames/v/1.zip") == given
    assert server.ranges[0] is None
    assert str(server.ranges[1]).startswith("bytes=")


@pytest.mark.parametrize(
    "name", ["a?.mp4", "what? is (it) & how+much=1.mp4", "It's $5, a@b; c:d!.mp4", "a b*.mp4"]
)
def test_every_name_that_storage_takes_can_be_read_back(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path, name: str
) -> None:
    bucket = VideoBucket(storage)
    (tmp_path / "given").write_bytes(name.encode())
    bucket.upload(tmp_path / "given", name)
    bucket.download(name, tmp_path / "taken", 100)
    assert (tmp_path / "taken").read_text() == name


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
    assert bucket.download("a.mp4", tmp_path / "taken", 100) == sha256_of(new)
    assert (tmp_path / "taken").read_bytes() == new.read_bytes()

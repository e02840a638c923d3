"""Downloads from a Storage server that fails."""

import os
import threading
from pathlib import Path

import pytest

from pitchquest_assets.errors import StoreUnavailable
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
    # A gateway that knows no ranges and cuts what takes long.
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
    assert bucket.download("a.mp4", tmp_path / "taken", 100) == sha256_of(given)


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

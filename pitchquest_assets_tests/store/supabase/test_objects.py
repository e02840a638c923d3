"""Objects on a Storage server that fails: what is survived, and how the rest is reported."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from pitchquest_assets.errors import SettingsError, StoreUnavailable
from pitchquest_assets.store.supabase import storage as supabase_storage
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets_tests.support.storage.keys import PUBLISHABLE_KEY, SECRET_KEY, token
from pitchquest_assets_tests.support.storage.server import StorageServer

OPERATIONS = 500


def test_of_500_operations_none_is_lost_or_doubled_where_a_tenth_of_the_requests_fail(
    server: StorageServer, storage: SupabaseStorage
) -> None:
    # A request fails 9 times in a row once in a billion.
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


def test_retry_after_is_waited_for(server: StorageServer, storage: SupabaseStorage) -> None:
    pauses: list[float] = []
    server.faults.answers = [(429, {"Retry-After": "7"}, b"slow down")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.nap.time.sleep", pauses.append)
        SupabaseObjects(storage).put("a.txt", b"x", "text/plain")
    assert pauses == [7.0]
    assert server.data("pitchquest/a.txt") == b"x"


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


def test_a_folder_goes_with_all_that_is_in_it_and_no_other(
    server: StorageServer, storage: SupabaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pitchquest_assets.store.supabase.objects.PAGE", 2)
    objects = SupabaseObjects(storage)
    for path in (*(f"frames/v/{number}.zip" for number in range(5)), "frames/v1/1.zip"):
        objects.put(path, b"x", "application/zip")
    for _ in range(2):
        objects.delete_folder("frames/v")
    assert server.names("pitchquest") == ["frames/v1/1.zip"]

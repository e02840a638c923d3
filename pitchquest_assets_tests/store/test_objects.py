import threading
from pathlib import Path

import pytest

from pitchquest_assets.errors import StoreCorrupt, StoreUnavailable
from pitchquest_assets.store.objects import FolderObjects


def test_an_object_is_written_read_replaced_and_removed(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path / "objects")
    assert not objects.exists("frames/v/1.zip")
    objects.put("frames/v/1.zip", b"one", "application/zip")
    objects.put("frames/v/1.zip", b"", "application/zip")
    assert objects.exists("frames/v/1.zip")
    assert objects.get("frames/v/1.zip") == b""
    objects.delete("frames/v/1.zip")
    objects.delete("frames/v/1.zip")
    with pytest.raises(FileNotFoundError):
        objects.get("frames/v/1.zip")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "path", ["../x", "a/../x", "/etc/passwd", "a//b", "", "a/", ".hidden", "é", "a\nb", "a/b\n"]
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    objects = FolderObjects(tmp_path / "objects")
    for call in (objects.get, objects.delete, objects.exists):
        with pytest.raises(StoreCorrupt, match="not a path inside the object store"):
            call(path)
    with pytest.raises(StoreCorrupt):
        objects.put(path, b"x", "text/plain")


def test_readers_see_a_whole_object_while_two_threads_write_it(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    payloads = [bytes([letter]) * 300_000 for letter in b"ab"]
    objects.put("x", payloads[0], "text/plain")

    def write(payload: bytes) -> None:
        for _ in range(10):
            objects.put("x", payload, "text/plain")

    writers = [threading.Thread(target=write, args=(payload,)) for payload in payloads]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert objects.get("x") in payloads
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "frames").write_text("a file in the place of a folder")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        FolderObjects(tmp_path).put("frames/v/1.zip", b"x", "application/zip")


def test_a_folder_goes_with_all_that_is_in_it_and_no_other(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    for path in ("frames/v/1.zip", "frames/v/2.zip", "frames/v1/1.zip"):
        objects.put(path, b"x", "application/zip")
    (tmp_path / "frames" / "v" / ".half.tmp").write_bytes(b"half")
    for _ in range(2):
        objects.delete_folder("frames/v")
    assert [path.name for path in (tmp_path / "frames").iterdir()] == ["v1"]
    with pytest.raises(StoreCorrupt):
        objects.delete_folder("frames/..")

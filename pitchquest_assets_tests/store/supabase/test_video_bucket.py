import os
from pathlib import Path
from uuid import UUID

import pytest

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets.store.supabase.upload import CHUNK_BYTES
from pitchquest_assets.store.supabase.video_bucket import VideoBucket, own_path, path_in_bucket
from pitchquest_assets_tests.support.checksums import sha256_of
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.storage.server import StorageServer


@pytest.mark.parametrize(
    ("file_path", "owner"),
    [
        (f"videos/{ALICE}/a.mp4", ALICE),
        ("videos/pitchquest/v/v.mp4", ALICE),
        ("videos/anybody/a b.mp4", None),
    ],
)
def test_a_path_in_the_bucket_is_taken(file_path: str, owner: UUID | None) -> None:
    assert f"videos/{path_in_bucket(file_path, owner)}" == file_path


@pytest.mark.parametrize(
    ("file_path", "owner"),
    [
        ("videos/b0b00000-0000-4000-8000-000000000002/a.mp4", ALICE),
        (f"videos/{ALICE}/../b0b/a.mp4", ALICE),
        (f"videos/{ALICE}/./a.mp4", ALICE),
        (f"videos/{ALICE}//a.mp4", ALICE),
        (f"videos/{ALICE}/", ALICE),
        (f"videos/{ALICE}x/a.mp4", ALICE),
        ("videos/a.mp4", ALICE),
        ("pitchquest/frames/v/1.zip", ALICE),
        ("pitchquest/frames/v/1.zip", None),
        ("/etc/passwd", ALICE),
        ("videos/../pitchquest/1.zip", None),
        ("videos/", None),
        (f"videos/{ALICE}/%2e%2e/b0b/a.mp4", ALICE),
        (f"videos/{ALICE}/%252e%252e/a.mp4", None),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(file_path: str, owner: UUID | None) -> None:
    with pytest.raises(InvalidVideo, match="is not a path below videos/"):
        path_in_bucket(file_path, owner)


@pytest.mark.parametrize(
    ("name", "suffix"), [("Präsentation #1.MP4", ".mp4"), ("a.m é", ""), ("plain", "")]
)
def test_the_pipelines_own_paths_are_plain_ascii(name: str, suffix: str) -> None:
    assert own_path("my_pitch-1", Path(name)) == f"pitchquest/my_pitch-1/my_pitch-1{suffix}"


@pytest.mark.parametrize("video", ["a", "a.captions", "a-captions"])
def test_a_video_and_its_captions_have_two_paths(video: str) -> None:
    captions = own_path("pitch", Path("captions"), "captions")
    assert captions == "pitchquest/pitch/pitch-captions"
    assert own_path("pitch", Path(video)) != captions
    assert own_path("pitch", Path("a.SRT"), "captions") == f"{captions}.srt"


def test_only_the_pipelines_own_files_are_removed_with_their_rows(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    bucket = VideoBucket(storage)
    (tmp_path / "given").write_bytes(b"x")
    for path in ("pitchquest/v/v.mp4", "pitchquest/w/w.mp4", f"{ALICE}/v.mp4"):
        bucket.upload(tmp_path / "given", path)
    bucket.remove_own(["videos/pitchquest/v/v.mp4", f"videos/{ALICE}/v.mp4", "/home/me/v.mp4"])
    assert server.names("videos") == [f"{ALICE}/v.mp4", "pitchquest/w/w.mp4"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.MKV", "video/x-matroska"),
        ("a.m4v", "video/x-m4v"),
        ("a.srt", "application/x-subrip"),
        ("a.ttml", "text/plain"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_media_type_is_not_the_machines_to_know(
    server: StorageServer,
    storage: SupabaseStorage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    media_type: str,
) -> None:
    monkeypatch.setattr("mimetypes.guess_type", lambda *_: (None, None))
    (tmp_path / "given").write_bytes(b"x")
    VideoBucket(storage).upload(tmp_path / "given", name)
    assert server.objects["videos", name].media_type == media_type


def test_uploads_and_downloads_survive_that_too(
    server: StorageServer, storage: SupabaseStorage, tmp_path: Path
) -> None:
    # Each try of an upload is two requests or more, and six tries in a row do fail now and then.
    storage.attempts = 12
    server.faults.share, server.faults.hang_seconds = 0.2, 0.4
    bucket = VideoBucket(storage)
    for number in range(4):
        given = tmp_path / f"given-{number}"
        given.write_bytes(os.urandom(2 * CHUNK_BYTES + number))
        bucket.upload(given, f"{number}.mp4")
        assert server.data(f"videos/{number}.mp4") == given.read_bytes()
        assert bucket.download(f"{number}.mp4", tmp_path / "taken", 100) == sha256_of(given)
    assert server.faults.failed > 2
    assert len(server.names("videos")) == 4

"""The command on a Supabase project: its Storage is the server of the tests."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pitchquest_assets.store.postgres import embedded
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.storage.objects import Bucket
from pitchquest_assets_tests.support.storage.server import StorageServer
from pitchquest_assets_tests.support.told import all_told

PASSWORD = "hunter2-recognisable-password"


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        yield running


@pytest.fixture
def project(fresh_home: Path, server: StorageServer) -> Command:
    """The command with the three variables set; the embedded database asks for no password."""
    server.faults.die_at, server.faults.share = None, 0.0
    url = embedded.start(fresh_home).replace("postgres:", f"postgres:{PASSWORD}", 1)
    assert PASSWORD in url
    return Command(
        fresh_home,
        {
            "PITCHQUEST_TRANSCRIBER": "captions",
            "COLUMNS": "300",
            "SUPABASE_URL": server.url,
            "SUPABASE_KEY": server.service_key,
            "DATABASE_URL": url,
        },
    )


def test_a_video_goes_through_the_bucket_and_leaves_neither_scratch_nor_secrets(
    project: Command, server: StorageServer, sample: Path, tmp_path: Path
) -> None:
    server.faults.die_at = ("GET", 200_000)
    shown = tmp_path / "Präsentation #1.mp4"
    shown.write_bytes(sample.read_bytes())
    shown.with_suffix(".vtt").write_bytes(sample.with_suffix(".vtt").read_bytes())
    done = project("analyze", shown, "--json", "-", "--video-id", "through-storage")
    assert done.code == 0, done.err
    source = done.json()["metadata"]["source"]
    assert source["filename"] == "Präsentation #1.mp4"
    assert source["path"] == "videos/pitchquest/through-storage/through-storage.mp4"
    assert done.json()["metadata"]["transcript"]["engine"] == "captions"
    assert server.faults.die_at is None
    assert server.data(source["path"]) == sample.read_bytes()
    assert server.names("videos") == [
        "pitchquest/through-storage/through-storage-captions.vtt",
        "pitchquest/through-storage/through-storage.mp4",
    ]
    kinds = {name.split("/")[0] for name in server.names("pitchquest")}
    assert kinds == {"frames", "audio", "feedback_report"}
    assert list((project.home / "scratch").iterdir()) == []
    stranger = token("service_role", secret="of-another-project-at-least-32-bytes")
    failed = project("analyze", sample, SUPABASE_KEY=stranger)
    assert failed.code == 1
    assert "does not accept SUPABASE_KEY" in failed.err
    server.on_upload = lambda stored: server.objects.pop((stored.bucket, stored.name))
    gone = project("analyze", sample, "--video-id", "gone-from-storage")
    server.on_upload = None
    assert gone.code == 2
    assert "gone-from-storage.mp4 is not in Supabase Storage: upload it again" in gone.err
    told = "".join(all_told(project.home)) + done.out + done.err + failed.err + gone.err
    assert told.count("gone-from-storage.mp4 is not in Supabase Storage") > 3
    for secret in (server.service_key, stranger, PASSWORD, "token=ey"):
        assert secret not in told


def test_a_file_that_storage_refuses_fails_with_its_sentence(
    project: Command, server: StorageServer, sample: Path
) -> None:
    server.buckets["videos"] = Bucket("videos", file_size_limit=1_000)
    try:
        done = project("analyze", sample, "--video-id", "too-large")
    finally:
        server.buckets["videos"] = Bucket("videos")
    assert done.code == 2
    assert "larger than Supabase Storage accepts" in done.err
    assert project.rows()["too-large"].status == "failed"
    assert "larger than Supabase Storage accepts" in (project.rows()["too-large"].error or "")


def test_an_interrupted_download_leaves_no_file(
    project: Command, server: StorageServer, sample: Path
) -> None:
    _until(server, lambda: _interrupt(project, sample, signal.SIGINT))
    assert list((project.home / "scratch").iterdir()) == []


def test_what_a_killed_worker_leaves_is_removed_by_the_next_analysis(
    project: Command, server: StorageServer, sample: Path
) -> None:
    _until(server, lambda: _interrupt(project, sample, signal.SIGKILL))
    assert len(list((project.home / "scratch").iterdir())) == 1
    assert project("analyze", sample).code == 0
    assert list((project.home / "scratch").iterdir()) == []


def _interrupt(project: Command, sample: Path, how: signal.Signals) -> None:
    """Start an analysis, and end it while it downloads."""
    process = project.start("analyze", sample)
    deadline = time.monotonic() + 60
    while not list((project.home / "scratch").glob("*/.*.part")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert not psutil.pid_exists(process.pid)


def _until(server: StorageServer, work: Callable[[], None]) -> None:
    """Do it while downloads hang."""
    server.faults.hang_downloads = True
    try:
        work()
    finally:
        server.faults.hang_downloads = False


def test_doctor_tries_the_project_and_names_what_is_wrong(
    project: Command, server: StorageServer
) -> None:
    project("migrate")
    server.clock_ahead_seconds = 90
    server.buckets["videos"] = Bucket("videos", 40_000_000, ["video/*"])
    try:
        done = project("doctor")
    finally:
        server.clock_ahead_seconds = 0
        server.buckets["videos"] = Bucket("videos")
    assert done.code == 1
    for told in (
        "with a secret key, own connection",
        "videos and pitchquest",
        "uploaded to videos, read back, removed",
        "videos does not accept text/vtt, application/x-subrip, text/plain: allow them",
        "about 90 s behind Supabase",
        "REST answers 404",
        "policies on storage.objects are missing",
    ):
        assert told in done.out
    assert server.service_key not in done.out + done.err
    assert not [name for name in server.names("videos") if "doctor" in name]

"""The whole way on a Supabase project: users upload, and read their results."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from postgrest import APIError
from sqlalchemy import text
from storage3.exceptions import StorageApiError
from supabase import Client

from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.homes import temporary_home
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.supabase_project.whole_project import Project, supabase_project
from pitchquest_assets_tests.support.up import Up
from pitchquest_assets_tests.support.webhooks import SECRET, Backend

USERS = [UUID(f"00000000-0000-4000-8000-00000000000{n}") for n in (1, 2, 3)]
DEADLINE_SECONDS = 600
RESULT_TABLES = ("analysis_results", "analysis_results_history")


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with temporary_home() as home, supabase_project(home) as found:
        yield found


def variables_of(project: Project) -> dict[str, str]:
    """The three variables that move the pipeline to the project."""
    return {
        "SUPABASE_URL": project.url,
        "SUPABASE_KEY": token("service_role"),
        "DATABASE_URL": project.database_url,
    }


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    """The receiver of the webhook."""
    found = Backend()
    with found.running():
        yield found


@pytest.fixture(scope="module")
def finished(project: Project, sample: Path, backend: Backend) -> dict[UUID, dict[str, Any]]:
    """Three users have uploaded the sample at the same time; the row of each, once completed."""
    with temporary_home() as home:
        variables = {
            "PITCHQUEST_TRANSCRIBER": "captions",
            "PITCHQUEST_WEBHOOK_URL": backend.url,
            "PITCHQUEST_WEBHOOK_SECRET": SECRET,
            "PITCHQUEST_WEBHOOK_INNER_ADDRESSES": "allowed",
        }
        up = Up(Command(home, variables | variables_of(project)), sample)
        up.start()
        try:
            with ThreadPoolExecutor(len(USERS)) as pool:
                list(pool.map(lambda user: upload(project, user, sample), USERS))
                rows = list(pool.map(lambda user: wait_for(project, user), USERS))
            wait_for_events(backend, len(USERS))
        finally:
            up.stop()
        assert list((home / "scratch").iterdir()) == []
    return dict(zip(USERS, rows, strict=True))


def upload(project: Project, user: UUID, sample: Path) -> None:
    """What the web page does: the captions, then the video."""
    bucket = project.client("authenticated", user).storage.from_("videos")
    for file, media_type in ((sample.with_suffix(".vtt"), "text/vtt"), (sample, "video/mp4")):
        bucket.upload(f"{user}/{file.name}", file.read_bytes(), {"content-type": media_type})


def wait_for(project: Project, user: UUID) -> dict[str, Any]:
    """Poll as a web page would."""
    videos = project.client("authenticated", user).table("videos")
    deadline = time.monotonic() + DEADLINE_SECONDS
    rows: list[Any] = []
    while time.monotonic() < deadline:
        rows = videos.select("*").execute().data
        if rows and rows[0]["status"] in ("completed", "failed"):
            return dict(rows[0])
        time.sleep(0.3)
    raise AssertionError(f"not done: {rows}")


def wait_for_events(backend: Backend, count: int) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(set(backend.event_ids)) < count and time.monotonic() < deadline:
        time.sleep(0.3)


def results_of(client: Client) -> list[Any]:
    return list(client.table("analysis_results").select("*").execute().data)


def test_every_upload_is_analysed_once_with_its_captions(
    project: Project, finished: dict[UUID, dict[str, Any]]
) -> None:
    for user, row in finished.items():
        assert (row["status"], row["error"], row["attempts"]) == ("completed", None, 0)
        assert (row["owner"], row["file_path"]) == (str(user), f"videos/{user}/pitch.mp4")
        assert row["captions_path"] == f"videos/{user}/pitch.vtt"
    everything = project.client("service_role")
    counts = {
        table: everything.table(table).select("id", count="exact").execute().count
        for table in ("videos", *RESULT_TABLES)
    }
    assert counts == {"videos": 3, "analysis_results": 3, "analysis_results_history": 0}
    engines = {result["metadata"]["transcript"]["engine"] for result in results_of(everything)}
    assert engines == {"captions"}


def test_each_user_reads_their_own_result_and_no_other(
    project: Project, finished: dict[UUID, dict[str, Any]]
) -> None:
    for user, row in finished.items():
        [result] = results_of(project.client("authenticated", user))
        assert (result["video_id"], result["job_id"]) == (row["video_id"], row["job_id"])
        assert 0 < result["overall_score"] <= 100
        assert len(result["feedback"]["strengths"]) == 3
    stranger = project.client("authenticated", UUID(int=9))
    assert results_of(stranger) == stranger.table("videos").select("*").execute().data == []
    with pytest.raises(APIError, match="permission denied"):
        results_of(project.client("anon"))


def test_the_backend_is_told_of_every_video_by_webhook(
    backend: Backend, finished: dict[UUID, dict[str, Any]]
) -> None:
    told = {event["data"]["video_id"]: event for event in backend.events}
    assert set(told) == {row["video_id"] for row in finished.values()}
    for row in finished.values():
        event = told[row["video_id"]]
        assert event["type"] == "video.completed"
        assert (event["data"]["owner"], event["data"]["job_id"]) == (row["owner"], row["job_id"])
        assert 0 < event["data"]["overall_score"] <= 100
    assert backend.forged == 0


def test_each_user_reads_their_own_report_and_no_other(
    project: Project, finished: dict[UUID, dict[str, Any]]
) -> None:
    owner, other = USERS[:2]
    theirs = project.client("authenticated", owner)
    [progress] = theirs.table("video_progress").select("*").execute().data
    assert (progress["steps_done"], progress["current_step"]) == (9, None)
    page = theirs.storage.from_("pitchquest").download(progress["report"])
    assert page.startswith(b"<!doctype html>")
    with pytest.raises(StorageApiError, match="not found"):
        project.client("authenticated", other).storage.from_("pitchquest").download(
            progress["report"]
        )


def test_nobody_but_the_pipeline_writes_results(
    project: Project, finished: dict[UUID, dict[str, Any]]
) -> None:
    before = contents(project)
    owner, other = USERS[:2]
    video_id = finished[owner]["video_id"]
    row = before[0] | {"overall_score": 100}
    for client in (
        project.client("authenticated", owner),
        project.client("authenticated", other),
        project.client("anon"),
    ):
        for table in RESULT_TABLES:
            for request in (
                client.table(table).update({"overall_score": 100}).eq("video_id", video_id),
                client.table(table).insert(row | {"id": 99}),
                client.table(table).upsert(row),
                client.table(table).delete().eq("video_id", video_id),
            ):
                with pytest.raises(APIError, match="permission denied"):
                    request.execute()
    assert contents(project) == before


def contents(project: Project) -> list[Any]:
    with project.engine.connect() as connection:
        statement = "select to_jsonb(t) from analysis_results as t order by id"
        return list(connection.scalars(text(statement)))


def test_the_files_of_one_user_are_closed_to_others_and_the_pipelines_to_all(
    project: Project, finished: dict[UUID, dict[str, Any]], sample: Path
) -> None:
    owner, other = USERS[:2]
    theirs = project.client("authenticated", owner).storage
    assert theirs.from_("videos").download(f"{owner}/pitch.mp4") == sample.read_bytes()
    kept = project.storage.names("pitchquest")
    assert {name.split("/")[0] for name in kept} == {"frames", "audio", "feedback_report"}
    for user, bucket, name in (
        (other, "videos", f"{owner}/pitch.mp4"),
        (owner, "pitchquest", kept[0]),
    ):
        with pytest.raises(StorageApiError, match="not found"):
            project.client("authenticated", user).storage.from_(bucket).download(name)


def test_doctor_is_content_with_the_project(project: Project, home: Path) -> None:
    done = Command(home, variables_of(project) | {"COLUMNS": "300"})("doctor")
    for told in (
        "a row was written and removed as service_role",
        "uploads become rows at once, and Realtime publishes them",
        "uploaded to videos, read back, removed",
    ):
        assert told in done.out
    assert done.code == 0, done.out

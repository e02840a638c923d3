"""A failing gateway: with the retry that docs/backend.md shows, no row is lost or doubled."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from supabase import Client, ClientOptions, create_client

from pitchquest_assets_tests.rest.test_backend_page import sections
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.supabase_project.whole_project import Project

OPERATIONS = 500
SECTION = "When an answer gets lost"
TIMEOUT_SECONDS, HANG_SECONDS = 2.0, 2.5


@pytest.fixture
def impatient(project: Project) -> Client:
    """The secret key with a short timeout."""
    return create_client(
        project.url,
        token("service_role"),
        ClientOptions(httpx_client=httpx.Client(http2=False, timeout=TIMEOUT_SECONDS)),
    )


@pytest.fixture
def send() -> Callable[[Any], Any]:
    """The function of the page."""
    names: dict[str, Any] = {"httpx": httpx}
    exec(sections("python")[SECTION], names)
    shown: Callable[[Any], Any] = names["send"]
    return shown


@pytest.fixture
def faults(project: Project) -> Iterator[None]:
    """A tenth of the requests fails."""
    project.faults.share, project.faults.hang_seconds = 0.1, HANG_SECONDS
    yield
    project.faults.share = 0.0


def test_of_500_operations_none_is_lost_or_doubled_where_a_tenth_of_the_requests_fail(
    project: Project, impatient: Client, send: Callable[[Any], Any], faults: None
) -> None:
    failed_before = project.faults.failed

    def life(number: int) -> None:
        table = impatient.table
        row = {
            "video_id": f"pitch-{number}",
            "filename": "pitch.mp4",
            "file_path": f"videos/{ALICE}/{number}.mp4",
            "owner": str(ALICE),
        }
        ignored = number % 2 == 0  # else merged
        send(table("videos").upsert(row, on_conflict="video_id", ignore_duplicates=ignored))
        change = {"status": "failed", "error": "No picture."}
        send(table("videos").update(change).eq("video_id", row["video_id"]))
        again = {"status": "uploaded", "error": None, "job_id": None}
        chosen = table("videos").update(again).eq("video_id", row["video_id"])
        send(chosen.eq("status", "failed"))
        found = send(table("videos").select("status, error").match(row).single()).data
        assert found == {"status": "uploaded", "error": None}

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(life, range(OPERATIONS // 4)))
    assert project.faults.failed - failed_before > OPERATIONS * 0.07
    with project.engine.connect() as connection:
        rows = connection.execute(text("select video_id, status, attempts from videos")).all()
    assert sorted(map(tuple, rows)) == sorted(
        (f"pitch-{number}", "uploaded", 1) for number in range(OPERATIONS // 4)
    )


def test_what_another_try_does_not_change_is_told_at_once(
    project: Project, impatient: Client, send: Callable[[Any], Any]
) -> None:
    requests = []
    impatient.postgrest.session.event_hooks["request"].append(requests.append)
    with pytest.raises(Exception, match="violates check constraint"):
        send(impatient.table("videos").upsert({"video_id": "-", "filename": "a", "file_path": "b"}))
    assert len(requests) == 1

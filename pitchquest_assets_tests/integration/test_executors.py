"""Runs with a process for each step, while the sensor `left_behind` looks at them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.workspace.load_target import ModuleTarget

from pitchquest_assets.registration import register
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.rows import leases, results, videos
from pitchquest_assets.store.rows.progress import ASSETS
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets_tests.support import dagit
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.runs import NOTHING, Watch
from pitchquest_assets_tests.support.storage.server import StorageServer

STEP_PROCESSES = ModuleTarget(
    "pitchquest_assets_tests.support.step_processes", None, None, "step_processes"
)


@pytest.fixture
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _with_captions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITCHQUEST_TRANSCRIBER", "captions")


@pytest.fixture(params=["embedded", "Storage"])
def project(
    store: Store,
    home: Path,
    server: StorageServer,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Store:
    """The store where files are those of this machine, and where they are in Storage."""
    if request.param == "embedded":
        return store
    monkeypatch.setenv("SUPABASE_URL", server.url)
    monkeypatch.setenv("SUPABASE_KEY", server.service_key)
    monkeypatch.setenv("DATABASE_URL", embedded.start(home))
    return open_store(load_settings())


def test_a_process_for_each_step_analyses_a_video_while_it_is_looked_at(
    project: Store, home: Path, instance: dg.DagsterInstance
) -> None:
    register(project, load_settings(), SAMPLE_PITCH, "pitch")
    instance.add_dynamic_partitions("videos", ["pitch"])
    with dagit.opened(instance, STEP_PROCESSES) as pages:
        run_id = pages.launch("pitch", attempt="0")
        watch = Watch(instance)
        assert watch.until_it_ends(run_id) == "SUCCESS"
    assert watch.said == {NOTHING}
    row = videos.get(project, "pitch")
    assert (row.status, row.job_id, row.attempts) == ("completed", run_id, 0)
    found = results.get_result(project, "pitch")
    assert found
    assert found.metadata.frames_analyzed > 0
    processes = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_WORKER_STARTED)
    assert len(processes) == len(ASSETS)
    assert not list((home / "scratch").glob(f"{run_id}-*"))
    watch.look()
    assert leases.all_leases(project) == []


def test_a_step_whose_process_is_killed_is_made_again_in_the_same_run(
    store: Store, instance: dg.DagsterInstance
) -> None:
    register(store, load_settings(), SAMPLE_PITCH, "pitch")
    instance.add_dynamic_partitions("videos", ["pitch"])
    with dagit.opened(instance, STEP_PROCESSES) as pages:
        run_id = pages.launch("pitch", attempt="0")
        watch = Watch(instance)
        watch.until(lambda: _killed_at_work(store, instance, run_id))
        assert watch.until_it_ends(run_id) == "SUCCESS"
    assert watch.said == {NOTHING}
    row = videos.get(store, "pitch")
    assert (row.status, row.job_id, row.attempts) == ("completed", run_id, 0)


def _killed_at_work(store: Store, instance: dg.DagsterInstance, run_id: str) -> bool:
    """Kill the processes of steps that have not succeeded yet; return whether there were any.

    Dagster fails the run if one is killed between the success of its step and its own end.
    """
    killed = False
    with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
        for process in _steps_of(store, run_id):
            process.suspend()
            if _has_succeeded(instance, run_id, process.pid):
                process.resume()
            else:
                process.kill()
                killed = True
    return killed


def _has_succeeded(instance: dg.DagsterInstance, run_id: str, pid: int) -> bool:
    """Whether the step of a process that stands still has said so."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    return any(entry.get_dagster_event().pid == pid for entry in entries)


def _steps_of(store: Store, run_id: str) -> list[psutil.Process]:
    """The processes of the steps that run now, by the lease of the one that started them."""
    held = [lease for lease in leases.all_leases(store) if lease.job_id == run_id]
    if not held or held[0].heartbeat_at is None:
        return []
    children = psutil.Process(int(held[0].worker.split(":")[1])).children()
    return [one for one in children if "spawn_main" in " ".join(one.cmdline())]

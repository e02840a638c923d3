"""`pitchquest worker` beside `pitchquest up`, on one machine: runs in Celery's processes."""

import signal
from collections.abc import Iterator

import psutil
import pytest

from pitchquest_assets.store.rows import leases, run_workers
from pitchquest_assets_tests.support.machines import Machines, machines

pytestmark = pytest.mark.system

BEFORE_TRANSCRIPT = 3


@pytest.fixture(scope="module")
def system() -> Iterator[Machines]:
    with machines(PITCHQUEST_TRANSCRIBER="auto") as running:
        running.add_worker(slots=2)
        yield running


def test_a_video_is_analysed_by_a_worker_that_then_holds_nothing(system: Machines) -> None:
    up = system.up
    row = up.wait_for(up.submit_good("good"), "completed")
    assert (row.attempts, up.results_of(row.video_id)) == (0, 1)
    up.wait_until(lambda: leases.all_leases(system.store) == [], "the lease is not given back")
    [worker] = run_workers.living(system.store)
    assert (worker.queue, worker.slots) == ("cpu", 2)
    assert worker.disk_free_bytes
    assert not list((system.workers[0].home / "scratch").glob("*"))


def test_a_run_that_is_cancelled_in_dagit_is_canceled_and_its_process_goes_on(
    system: Machines,
) -> None:
    up = system.up
    video_id = up.submit_good("cancelled", captions=False)
    run = up.wait_for_assets(video_id, BEFORE_TRANSCRIPT)
    process = up.worker_of(run)
    mutation = "mutation($id: String!) { terminateRun(runId: $id) { __typename } }"
    answer = up.ask_dagit(mutation, id=run)
    assert answer["terminateRun"]["__typename"] == "TerminateRunSuccess"
    row = up.wait_for(video_id, "failed")
    assert row.error == "The analysis was cancelled; `pitchquest retry` starts it again."
    status = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    up.wait_until(
        lambda: up.ask_dagit(status, id=run)["runOrError"]["status"] == "CANCELED",
        "the run is not canceled",
    )
    assert (row.job_id, row.attempts) == (run, 0)
    up.wait_until(lambda: leases.all_leases(system.store) == [], "the lease is not given back")
    assert process.is_running()


def test_a_process_that_is_killed_in_a_run_is_replaced_and_its_video_tried_again(
    system: Machines,
) -> None:
    up = system.up
    video_id = up.submit_good("killed", captions=False)
    run = up.wait_for_assets(video_id, BEFORE_TRANSCRIPT)
    up.give_captions("killed")
    up.worker_of(run).kill()
    row = up.wait_for(video_id, "completed")
    assert (row.workers_lost, row.attempts) == (1, 1)
    assert row.job_id != run
    assert up.results_of(video_id) == 1


def test_a_worker_that_is_stopped_gives_its_video_back(system: Machines) -> None:
    up, [worker] = system.up, system.workers
    video_id = up.submit_good("stopped", captions=False)
    up.wait_for_assets(video_id, BEFORE_TRANSCRIPT)
    started = worker.processes()
    worker.stop()
    assert f"{video_id} was being analysed and waits for another worker." in worker.said()
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert run_workers.living(system.store) == []
    assert up.row(video_id).workers_lost == 0
    worker.start(slots=2)
    assert up.wait_for(video_id, "completed").attempts == 1
    assert up.results_of(video_id) == 1


def test_a_worker_whose_supervisor_is_killed_ends_with_it(system: Machines) -> None:
    [worker] = system.workers
    started = worker.processes()
    assert worker.process
    worker.process.send_signal(signal.SIGKILL)
    assert psutil.wait_procs(started, timeout=20)[1] == []
    worker.start(slots=2)

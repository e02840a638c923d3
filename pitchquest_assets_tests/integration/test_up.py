"""`pitchquest up` survives whatever happens: every fault here is a real one."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pitchquest_assets.store.rows.alerts import claim_alerts
from pitchquest_assets.store.rows.progress import ASSETS
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.homes import temporary_home
from pitchquest_assets_tests.support.up import DEADLINE_SECONDS, Up

LIMIT = 2
ATTEMPTS = 2
# Each costs the start of a worker, some seconds of CPU.
CORRUPT = 4
BEFORE_TRANSCRIPT = 3
BACKFILLED = int(os.environ.get("PITCHQUEST_TEST_BACKFILLED", "3"))


@pytest.fixture(scope="module")
def up(sample: Path) -> Iterator[Up]:
    """One that runs for all tests of this module, under a home of its own."""
    variables = {
        "PITCHQUEST_TRANSCRIBER": "auto",
        "PITCHQUEST_MAX_CONCURRENT_RUNS": str(LIMIT),
        "PITCHQUEST_MAX_ATTEMPTS": str(ATTEMPTS),
    }
    with temporary_home() as home:
        started = Up(Command(home, variables), sample)
        try:
            started.start()
            yield started
        finally:
            started.stop()


def test_many_uploads_are_analysed_within_the_limit_and_corrupt_ones_stop_no_other(
    up: Up,
) -> None:
    corrupt = [up.command.home / f"text-{index}.mp4" for index in range(CORRUPT)]
    for path in corrupt:
        path.write_text("This is no video. " * 200)
    good = [up.submit_good(f"good-{index}") for index in range(2)]
    bad = up.submit(*corrupt).splitlines()
    good += [up.submit_good(f"good-{index}") for index in range(2, 4)]
    most = 0

    def all_are_done() -> bool:
        nonlocal most
        states = [row.status for row in up.command.rows().values()]
        most = max(most, states.count("processing"))
        return not {"uploaded", "processing"} & set(states)

    up.wait_until(all_are_done, "not all are done")
    rows = up.command.rows()
    assert 1 <= most <= LIMIT
    assert {rows[video_id].status for video_id in good} == {"completed"}
    assert {up.results_of(video_id) for video_id in good} == {1}
    assert {rows[video_id].attempts for video_id in good} == {0}
    assert {rows[video_id].status for video_id in bad} == {"failed"}
    for video_id in bad:
        assert rows[video_id].error == (
            f"{rows[video_id].filename} is not an MP4, MOV, WebM, MKV or AVI video, whatever its "
            "name says: convert it to MP4."
        )
    assert {up.results_of(video_id) for video_id in bad} == {0}


def test_a_worker_that_is_killed_in_the_transcript_is_replaced(up: Up) -> None:
    video_id = up.submit_good("killed", captions=False)
    run = up.wait_for_assets(video_id, BEFORE_TRANSCRIPT)
    up.give_captions("killed")
    up.worker_of(run).kill()
    row = up.wait_for(video_id, "completed")
    assert (row.workers_lost, row.attempts) == (1, 1)
    assert row.job_id != run
    assert up.results_of(video_id) == 1


def test_a_run_that_is_cancelled_in_dagit_fails_its_video_with_that_reason(up: Up) -> None:
    video_id = up.submit_good("cancelled", captions=False)
    run = up.wait_for_assets(video_id, BEFORE_TRANSCRIPT)
    mutation = "mutation($id: String!) { terminateRun(runId: $id) { __typename } }"
    answer = up.ask_dagit(mutation, id=run)
    assert answer["terminateRun"]["__typename"] == "TerminateRunSuccess"
    row = up.wait_for(video_id, "failed")
    assert row.error == "The analysis was cancelled; `pitchquest retry` starts it again."
    assert (row.job_id, row.attempts) == (run, 0)
    assert not [alert for alert in claim_alerts(up.store) if alert.message.startswith(video_id)]


def test_a_backfill_in_dagit_analyses_every_one_of_its_videos_again(up: Up) -> None:
    ids = [up.submit_good(f"backfill-{number}") for number in range(BACKFILLED)]
    first = {video_id: up.wait_for(video_id, "completed").job_id for video_id in ids}
    mutation = """
        mutation($params: LaunchBackfillParams!) {
          launchPartitionBackfill(backfillParams: $params) { __typename }
        }
    """
    params = {"assetSelection": [{"path": [name]} for name in ASSETS], "partitionNames": ids}
    answer = up.ask_dagit(mutation, params=params)
    assert answer["launchPartitionBackfill"]["__typename"] == "LaunchBackfillSuccess"
    for video_id in ids:
        up.wait_until(lambda v=video_id: up.results_of(v) == 2, f"{video_id} has no new result")  # type: ignore[misc]
        row = up.wait_for(video_id, "completed")
        assert row.job_id != first[video_id]
        # It is the operator's run, not another attempt of the upload.
        assert row.attempts == 0


def test_an_upload_is_started_without_the_sensor_which_requests_nothing_twice(up: Up) -> None:
    selector = {
        "repositoryLocationName": "pitchquest_assets",
        "repositoryName": "__repository__",
        "sensorName": "new_uploads",
    }
    query = (
        "query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { id } } }"
    )
    sensor = up.ask_dagit(query, s=selector)["sensorOrError"]["id"]
    up.ask_dagit("mutation($id: String!) { stopSensor(id: $id) { __typename } }", id=sensor)
    try:
        heard = up.submit_good("heard")
        up.wait_for(heard, "completed")
    finally:
        start = "mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }"
        up.ask_dagit(start, s=selector)
    up.wait_for(up.submit_good("next"), "completed")
    query = """
        query($id: String!) { runsOrError(filter: {tags: [{key: "video_id", value: $id}]}) {
          ... on Runs { results { status tags { key value } } }
        } }
    """
    [run] = up.ask_dagit(query, id=heard)["runsOrError"]["results"]
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags["dagster/run_key"] == f"{heard}:0"
    assert tags["dagster/sensor_name"] == "new_uploads"
    assert "pitchquest/worker" in tags


def test_a_warm_parent_that_is_killed_is_started_again_and_its_runs_go_on(up: Up) -> None:
    video_id = up.submit_good("orphan")
    up.wait_for_assets(video_id, 1)
    killed = up.services()["runs"]
    killed.kill()
    assert up.wait_for(video_id, "completed").workers_lost == 0
    assert up.wait_for(up.submit_good("after"), "completed").attempts == 0
    assert up.services()["runs"].pid != killed.pid


def test_a_daemon_that_is_killed_while_uploads_wait_is_started_again(up: Up) -> None:
    killed = up.services()["daemon"]
    killed.kill()
    video_id = up.submit_good("daemon")
    up.wait_for(video_id, "completed")
    assert up.services()["daemon"].pid != killed.pid
    assert up.results_of(video_id) == 1


def test_a_database_that_is_killed_during_an_analysis_costs_no_result(up: Up) -> None:
    video_id = up.submit_good("database")
    up.wait_for_assets(video_id, BEFORE_TRANSCRIPT)
    lock = (up.command.home / "postgres" / "postmaster.pid").read_text()
    os.kill(int(lock.splitlines()[0]), signal.SIGKILL)
    up.wait_for(video_id, "completed")
    assert up.results_of(video_id) == 1


@pytest.fixture
def full_objects(up: Up) -> Iterator[Path]:
    """The object folder on a file system of four pages; skips where none may be mounted."""
    folder = up.command.home / "objects"
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no program `mount` here")
    if done.returncode != 0:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_fails_the_video_with_what_to_do(up: Up, full_objects: Path) -> None:
    video_id = up.submit_good("full")
    row = up.wait_for(video_id, "failed")
    assert row.error is not None
    assert row.error.startswith(f"{full_objects}/")
    assert "(No space left on device): make room or check the rights of that folder." in row.error
    assert row.error.endswith(
        f"It was tried {ATTEMPTS} times; `pitchquest retry {video_id}` tries again."
    )
    assert row.attempts == ATTEMPTS - 1
    assert up.results_of(video_id) == 0


def test_a_second_one_says_that_it_already_runs_and_where(up: Up) -> None:
    done = up.command("up", "--port", str(up.port))
    assert done.code == 1
    assert done.err.strip() == f"PitchQuest runs here already: {up.url}"


def test_ctrl_c_ends_all_that_was_started_and_the_next_start_goes_on(up: Up) -> None:
    video_id = up.submit_good("stopped", captions=False)
    up.wait_for_assets(video_id, BEFORE_TRANSCRIPT)
    up.give_captions("stopped")
    assert up.process is not None
    started = psutil.Process(up.process.pid).children(recursive=True)
    assert {service.pid for service in up.services().values()} < {one.pid for one in started}
    up.process.send_signal(signal.SIGINT)
    # A second signal must not leave half of it running.
    assert up.process.stderr is not None
    assert "Stopping ...\n" in up.process.stderr
    up.process.send_signal(signal.SIGTERM)
    _, told = up.process.communicate(timeout=DEADLINE_SECONDS)
    try:
        assert up.process.returncode == 0, told
        assert f"{video_id} was being analysed and waits for the next start." in told
        row = up.row(video_id)
        assert (row.status, row.job_id, row.workers_lost) == ("uploaded", None, 0)
        assert psutil.wait_procs(started, timeout=10)[1] == []
        assert not (up.command.home / "up.json").exists()
    finally:
        up.start()
    assert up.wait_for(video_id, "completed").attempts == 1
    assert up.results_of(video_id) == 1

"""Two workers with networks of their own, and what happens to machines: no result gets lost.

The machines share one PostgreSQL, one Redis and one object store, and nothing else.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from pitchquest_assets.store.rows import leases, results
from pitchquest_assets_tests.support.machines import SILENT_SECONDS, Machines, machines
from pitchquest_assets_tests.support.media_factory import Pictures, Sound, steady, write_media
from pitchquest_assets_tests.support.networks import Network, network

pytestmark = pytest.mark.system

VIDEOS = int(os.environ.get("PITCHQUEST_TEST_VIDEOS", "50"))
# The sweep that takes a silent worker for lost comes every 30 s, and looks twice.
FROZEN_SECONDS = SILENT_SECONDS + 75
CUT_SECONDS = 60
CAPTIONS = "WEBVTT\n\n00:00.200 --> 00:01.800\nWe help bakers sell their bread.\n"


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with network() as made:
        made.add_machine()
        yield made


@pytest.fixture(scope="module")
def system(net: Network) -> Iterator[Machines]:
    """Two workers for all tests of this module; a test that ends one starts it again."""
    with machines(net.host, runs_at_once=2) as running:
        for machine in net.machines:
            running.add_worker(machine.on_machine)
        yield running


@pytest.fixture(scope="module")
def short_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, with captions."""
    path = tmp_path_factory.mktemp("media") / "short.mp4"
    path.with_suffix(".vtt").write_text(CAPTIONS)
    return write_media(path, Pictures(steady(2)), Sound([(0, 2)], [(0.2, 1.8)]))


def wait_for_some(system: Machines, ids: list[str], share: float) -> None:
    """Wait until this share of the videos is completed."""
    wanted = round(share * len(ids))
    system.up.wait_until(
        lambda: len(completed(system, ids)) >= wanted, f"less than {wanted} are completed"
    )


def completed(system: Machines, ids: list[str]) -> list[str]:
    rows = system.up.command.rows()
    return [one for one in ids if rows[one].status == "completed"]


def check_all(system: Machines, ids: list[str]) -> None:
    """Each video gets exactly one result; no worker is left with anything."""
    wait_for_some(system, ids, 1)
    rows = system.up.command.rows()
    with system.store.engine.connect() as connection:
        replaced = connection.scalar(text("select count(*) from analysis_results_history"))
    assert replaced == 0
    for video_id in ids:
        found = results.get_result(system.store, video_id)
        assert found
        assert found.job_id == rows[video_id].job_id
    system.up.wait_until(lambda: not leases.all_leases(system.store), "a lease is left")


def hosts_of_work(system: Machines) -> set[str]:
    return {lease.worker.partition("/")[0] for lease in leases.all_leases(system.store)}


def test_two_machines_share_the_videos(system: Machines, short_video: Path) -> None:
    ids = system.submit(short_video, VIDEOS, "shared")
    seen: set[str] = set()

    def both_have_worked() -> bool:
        seen.update(hosts_of_work(system))
        return len(seen) == 2

    system.up.wait_until(both_have_worked, "one of them does everything")
    check_all(system, ids)
    assert {row.attempts for row in system.up.command.rows().values()} == {0}


def test_a_machine_that_loses_power_half_way_costs_no_result(
    system: Machines, net: Network, short_video: Path
) -> None:
    ids = system.submit(short_video, VIDEOS, "power")
    wait_for_some(system, ids, 0.4)
    system.workers[0].lose_power()
    check_all(system, ids)
    system.workers[0].start()


def test_a_broker_that_is_killed_and_started_again_costs_no_result(
    system: Machines, short_video: Path
) -> None:
    ids = system.submit(short_video, VIDEOS, "restarted")
    wait_for_some(system, ids, 0.2)
    system.redis.kill()
    time.sleep(5)
    system.redis.start()
    check_all(system, ids)


def test_a_broker_that_has_lost_its_memory_costs_no_result(
    system: Machines, short_video: Path
) -> None:
    ids = system.submit(short_video, VIDEOS, "flushed")
    for share in (0.2, 0.5):
        wait_for_some(system, ids, share)
        system.redis.client.flushall()
    check_all(system, ids)


def test_a_machine_that_freezes_and_goes_on_doubles_no_result(
    system: Machines, short_video: Path
) -> None:
    ids = system.submit(short_video, VIDEOS, "frozen")
    wait_for_some(system, ids, 0.2)
    frozen = system.workers[1]
    frozen.signal_all(signal.SIGSTOP)
    time.sleep(FROZEN_SECONDS)
    frozen.signal_all(signal.SIGCONT)
    check_all(system, ids)


def test_a_machine_whose_network_is_cut_for_a_minute_costs_no_result(
    system: Machines, net: Network, short_video: Path
) -> None:
    ids = system.submit(short_video, VIDEOS, "cut")
    wait_for_some(system, ids, 0.2)
    net.machines[1].pull_the_cable()
    time.sleep(CUT_SECONDS)
    net.machines[1].plug_it_in()
    check_all(system, ids)

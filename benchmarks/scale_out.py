"""How long many short videos take through Celery, and what they cost.

    python benchmarks/scale_out.py [--videos 100] [--workers 1] [--slots 2]

Starts what several machines share (PostgreSQL, Redis, an object store), a control host (`pitchquest
up`) and workers, all on this machine; submits copies of a video of two seconds with captions, all
at once, and waits until each has its result. Seconds count from the start of the command `submit`
to the last result. CPU seconds are those of processes and of the ones that they have reaped; the
command `submit`, and the object store, which is a thread of the benchmark, are not in them.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import psutil
import psycopg
from processes import cpu_seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pitchquest_assets_tests.support.machines import Machines, machines
from pitchquest_assets_tests.support.media_factory import (
    Pictures,
    Sound,
    steady,
    write_media,
)

CAPTIONS = "WEBVTT\n\n00:00.200 --> 00:01.800\nWe help bakers sell their bread.\n"
SETTLE_SECONDS = 20
# The default; the machines of the tests are given up for lost ten times as soon.
USUAL_SILENT_SECONDS = "60"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--slots", type=int, default=2, help="runs at a time of each worker")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "short.mp4"
        path.with_suffix(".vtt").write_text(CAPTIONS)
        write_media(path, Pictures(steady(2)), Sound([(0, 2)], [(0.2, 1.8)]))
        seconds, costs = measure_celery(path, arguments.videos, arguments.workers, arguments.slots)
    print(f"{arguments.videos} videos in {seconds:.0f} s, load average {os.getloadavg()[0]:.1f}")
    for name, spent in costs.items():
        print(f"CPU s a video, {name}: {spent:.2f}")


def measure_celery(
    video: Path, videos: int, workers: int = 1, slots: int = 2, **variables: str
) -> tuple[float, dict[str, float]]:
    """Return the seconds until all copies of a video have results, and the CPU seconds of each.

    Args:
        slots: runs at a time of each worker.
        variables: settings of all machines.

    Returns:
        CPU seconds by part. Nothing is subtracted for what is spent while nothing happens.
    """
    places = workers * slots
    usual = {"PITCHQUEST_WORKER_SILENT_SECONDS": USUAL_SILENT_SECONDS}
    with machines(runs_at_once=places, **usual, **variables) as system:
        for _ in range(workers):
            system.add_worker(slots=slots)
        analyse(system, video, places, "warm")
        time.sleep(SETTLE_SECONDS)
        before, began = spent_by_part(system), time.monotonic()
        analyse(system, video, videos, "measured")
        seconds = time.monotonic() - began
        spent = spent_by_part(system)
    return seconds, {name: (spent[name] - before[name]) / videos for name in spent}


def analyse(system: Machines, video: Path, count: int, name: str) -> None:
    ids = system.submit(video, count, name)
    wanted = set(ids)

    def are_completed() -> bool:
        rows = system.up.command.rows()
        return all(rows[one].status == "completed" for one in wanted)

    system.up.wait_until(are_completed, "not all are completed")


def spent_by_part(system: Machines) -> dict[str, float]:
    """By part; the workers with what they have decoded."""
    assert system.up.process
    control = psutil.Process(system.up.process.pid)
    return {
        "workers": _sum(one for worker in system.workers for one in worker.processes()),
        "control host": _sum((control, *control.children(recursive=True))),
        "PostgreSQL": _sum(_database(system.up.command.variables["DATABASE_URL"])),
    }


def _sum(processes: Iterable[psutil.Process]) -> float:
    return sum(sum(cpu_seconds(process)) for process in processes)


def _database(url: str) -> list[psutil.Process]:
    with psycopg.connect(url) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
    assert server
    return [server, *server.children()]


if __name__ == "__main__":
    main()

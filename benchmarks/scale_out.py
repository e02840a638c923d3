"""How long many short videos take through Celery, and what they cost.

    python benchmarks/scale_out.py [--videos 100] [--workers 1] [--slots 2]

Starts what several machines share (PostgreSQL, Redis, an object store), a control host (`pitchquest
up`) and workers, all on this machine; submits copies of a video of two seconds with captions, all
at once, and waits until each has its result. Seconds count from the start of the command `submit`
to the last result. CPU seconds are those of processes and of the ones that they have reaped. The
object store is a thread of the benchmark, and PostgreSQL a server of its own: neither is in them.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--slots", type=int, default=2, help="runs at a time of each worker")
    arguments = parser.parse_args()
    places = arguments.workers * arguments.slots
    with tempfile.TemporaryDirectory() as folder, machines(runs_at_once=places) as system:
        for _ in range(arguments.workers):
            system.add_worker(slots=arguments.slots)
        path = Path(folder) / "short.mp4"
        path.with_suffix(".vtt").write_text(CAPTIONS)
        write_media(path, Pictures(steady(2)), Sound([(0, 2)], [(0.2, 1.8)]))
        analyse(system, path, places, "warm")
        time.sleep(SETTLE_SECONDS)
        before, began = cpu_seconds(system), time.monotonic()
        analyse(system, path, arguments.videos, "measured")
        seconds = time.monotonic() - began
        used = {name: spent - before[name] for name, spent in cpu_seconds(system).items()}
    print(f"{arguments.videos} videos in {seconds:.0f} s, load average {os.getloadavg()[0]:.1f}")
    for name, spent in used.items():
        print(f"CPU s a video, {name}: {spent / arguments.videos:.2f}")


def analyse(system: Machines, video: Path, count: int, name: str) -> None:
    ids = system.submit(video, count, name)
    wanted = set(ids)

    def are_completed() -> bool:
        rows = system.up.command.rows()
        return all(rows[one].status == "completed" for one in wanted)

    system.up.wait_until(are_completed, "not all are completed")


def cpu_seconds(system: Machines) -> dict[str, float]:
    """By part; the workers with what they have decoded."""
    assert system.up.process
    control = psutil.Process(system.up.process.pid)
    return {
        "workers": sum(_of(one) for worker in system.workers for one in worker.processes()),
        "control host": sum(map(_of, (control, *control.children(recursive=True)))),
    }


def _of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


if __name__ == "__main__":
    main()

"""Many users upload at once, on a Supabase project of the tests: how long it takes, and who waits.

    python benchmarks/uploads_at_once.py                                  # 60: 40, 15 and 5
    python benchmarks/uploads_at_once.py --uploads 100 100 100 100 100 --minutes 10

Each number is a user, who uploads so many videos of two seconds, generated and without speech, by
supabase-py, all within seconds; the first user begins. `pitchquest up` analyses them meanwhile.
Printed are how long the uploads took, what `pitchquest status` says and how long that takes, the
memory of all processes of `up` (shared pages counted once), and at the end, or after --minutes,

    lost       uploads without a row, or whose status is neither 'completed' nor open
    doubled    results beyond the first of an upload
    places     for each user, the places of the first and last of theirs among all that were done

If users take turns, the last of a user with few uploads is done long before the last of one with
many.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from sqlalchemy import text  # noqa: E402

from pitchquest_assets_tests.support.command import Command  # noqa: E402
from pitchquest_assets_tests.support.homes import temporary_home  # noqa: E402
from pitchquest_assets_tests.support.media_factory import (  # noqa: E402
    Pictures,
    Sound,
    steady,
    write_media,
)
from pitchquest_assets_tests.support.places import SAMPLE_PITCH  # noqa: E402
from pitchquest_assets_tests.support.storage.keys import token  # noqa: E402
from pitchquest_assets_tests.support.supabase_project.whole_project import (  # noqa: E402
    Project,
    supabase_project,
)
from pitchquest_assets_tests.support.up import Up  # noqa: E402

AT_ONCE = 16
POLL_SECONDS = 1.0
LOOK_SECONDS = 30.0
CLIP_SECONDS = 2.0
DONE = text("""
    select v.owner, v.status, v.error, r.created_at,
      (select count(*) from analysis_results_history where video_id = v.video_id) as before
    from videos as v left join analysis_results as r using (video_id) order by r.created_at
""")


def main() -> int:
    """Upload, wait, print; return 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", nargs="+", type=int, default=[40, 15, 5])
    parser.add_argument("--minutes", type=float, default=30.0)
    asked = parser.parse_args()
    users = {UUID(int=number + 1): count for number, count in enumerate(asked.uploads)}
    with running() as (project, up):
        with TemporaryDirectory() as folder:
            clip = write_media(
                Path(folder) / "clip.mp4",
                Pictures(steady(CLIP_SECONDS)),
                Sound([(0, CLIP_SECONDS)], [(0.5, 1.5)]),
            ).read_bytes()
        started = time.monotonic()
        upload(project, users, clip)
        print(f"{sum(users.values())} uploads in {time.monotonic() - started:.0f} s")
        watch(project, up, started, asked.minutes * 60, sum(users.values()))
        return told(project, users)


@contextmanager
def running() -> Iterator[tuple[Project, Up]]:
    """A project, and `pitchquest up` over it."""
    with (
        temporary_home() as database,
        supabase_project(database) as project,
        temporary_home() as home,
    ):
        variables = {
            "SUPABASE_URL": project.url,
            "SUPABASE_KEY": token("service_role"),
            "DATABASE_URL": project.database_url,
            "PITCHQUEST_TRANSCRIBER": "off",
        }
        up = Up(Command(home, variables), SAMPLE_PITCH)
        try:
            up.start()
            yield project, up
        finally:
            up.stop()


def upload(project: Project, users: dict[UUID, int], clip: bytes) -> None:
    """All uploads of the first user, then those of the next, several at the same time."""

    def one(user: UUID, number: int) -> None:
        bucket = project.client("authenticated", user).storage.from_("videos")
        bucket.upload(f"{user}/{number}.mp4", clip, {"content-type": "video/mp4"})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        places = [(user, number) for user, count in users.items() for number in range(count)]
        list(pool.map(lambda place: one(*place), places))


def watch(project: Project, up: Up, started: float, seconds: float, count: int) -> None:
    """Print how it stands now and then, until everything is done or the time is up."""
    next_look = 0.0
    while (passed := time.monotonic() - started) < seconds:
        states = statuses(project)
        is_done = sum(states.values()) >= count and not states["uploaded"] + states["processing"]
        if passed >= next_look or is_done:
            asked = time.monotonic()
            rows = up.command("status", "--all", "--json").json()
            took = time.monotonic() - asked
            said = Counter(row["status"] for row in rows)
            print(
                f"{passed:5.0f} s: {dict(states)}; `status` says {dict(said)} in {took:.1f} s; "
                f"up {memory_mb(up):.0f} MB",
                flush=True,
            )
            next_look = passed + LOOK_SECONDS
        if is_done:
            return
        time.sleep(POLL_SECONDS)


def statuses(project: Project) -> Counter[str]:
    """How many rows have each status."""
    with project.engine.connect() as connection:
        rows = connection.execute(text("select status, count(*) from videos group by status"))
        return Counter({row[0]: row[1] for row in rows})


def memory_mb(up: Up) -> float:
    """What all processes of `up` take: the share of each in the pages that it has."""
    assert up.process is not None
    parent = psutil.Process(up.process.pid)
    total = 0
    for one in [parent, *parent.children(recursive=True)]:
        with suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total / 1e6


def told(project: Project, users: dict[UUID, int]) -> int:
    """Print what became of the uploads; return 1 if anything was lost or doubled."""
    with project.engine.connect() as connection:
        rows = connection.execute(DONE).all()
    lost = sum(users.values()) - len(rows)
    lost += sum(row.status == "failed" for row in rows)
    lost += sum(row.status == "completed" and row.created_at is None for row in rows)
    doubled = sum(row.before for row in rows)
    done = [row for row in rows if row.created_at]
    print(f"results {len(done)}, lost {lost}, doubled {doubled}")
    print(json.dumps(Counter(row.error for row in rows if row.error)))
    for user, count in users.items():
        places = [place for place, row in enumerate(done, 1) if row.owner == user]
        if places:
            print(f"{len(places)} of the {count} of {user}: places {places[0]} to {places[-1]}")
    if len(done) > 1:
        seconds = (done[-1].created_at - done[0].created_at).total_seconds()
        print(f"{seconds / (len(done) - 1):.1f} s for each result")
    return int(bool(lost or doubled))


if __name__ == "__main__":
    raise SystemExit(main())

"""Deletes, retries, replaces, uploads and kills at once, and counts what is left over.

    python benchmarks/erasure.py                       # 10 minutes
    python benchmarks/erasure.py --minutes 60 --seed 7

In a PITCHQUEST_HOME of its own, `pitchquest up` analyses short videos. Meanwhile a thread for each
kind of trouble picks one of a few names, so that the threads meet on the same video: it puts a file
into the inbox or registers one, replaces a file by another, retries a video, deletes one (as REST
does, or by the command), or kills a worker, the daemon or the code server with SIGKILL. Then all
stop, the queue may empty itself, and everything is looked for that should not be there. The same
seed gives the same troubles, though not the same moments. Exit 1 if anything is found.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from sqlalchemy import text  # noqa: E402

from pitchquest_assets.cli.dagster_instance import open_instance  # noqa: E402
from pitchquest_assets.errors import InvalidInput, UnknownVideo  # noqa: E402
from pitchquest_assets.registration import register, video_id_of  # noqa: E402
from pitchquest_assets.settings import Settings  # noqa: E402
from pitchquest_assets.store.postgres import embedded  # noqa: E402
from pitchquest_assets.store.rows import erasures, leases, retention, videos  # noqa: E402
from pitchquest_assets.store.store import Store, open_store  # noqa: E402
from pitchquest_assets.worker import is_gone  # noqa: E402
from pitchquest_assets_tests.support.media_factory import Pictures, Sound, steady, write_media  # noqa: E402
from pitchquest_assets_tests.support.traces import traces  # noqa: E402

COMMAND = str(Path(sys.executable).with_name("pitchquest"))
NAMES = [f"founder-{number}" for number in range(6)]
# Seconds between two troubles of a kind, in the mean.
PAUSES = {"upload": 6.0, "replace": 12.0, "retry": 10.0, "delete": 8.0, "kill": 6.0}
SETTLE_SECONDS = 900.0
POLL_SECONDS = 2.0
TWO_DAYS = 2 * 24 * 3600
SHOWN = 5
OPEN = ("uploaded", "processing")
# What belongs to a video, by the column that names it.
BELONGS = {
    "asset_values": "partition_key",
    "analysis_results": "video_id",
    "analysis_results_history": "video_id",
    "vendor_answers": "video_id",
    "worker_leases": "video_id",
    "alerts": "split_part(event_key, ':', 2)",
    "monitoring_metrics": "metric_value ->> 'video_id'",
}
ORPHANS = " union all ".join(
    f"select '{table}' from {table} where {column} not in (select video_id from videos)"
    for table, column in BELONGS.items()
)


@dataclass
class Troubles:
    """Everything that is done to the running system, and how often."""

    settings: Settings
    store: Store
    folder: Path
    media: list[Path]
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    deleted: set[str] = field(default_factory=set)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float) -> None:
        """Make trouble of all kinds at once."""
        kinds: dict[str, Callable[[random.Random], str | None]] = {
            "upload": self.upload,
            "replace": self.replace,
            "retry": self.retry,
            "delete": self.delete,
            "kill": self.kill,
        }
        threads = [threading.Thread(target=self._repeat, args=one) for one in kinds.items()]
        for thread in threads:
            thread.start()
        self.over.wait(seconds)
        self.over.set()
        for thread in threads:
            thread.join()

    def _repeat(self, kind: str, trouble: Callable[[random.Random], str | None]) -> None:
        chance = random.Random(f"{self.seed} {kind}")
        while not self.over.wait(chance.expovariate(1 / PAUSES[kind])):
            # The video may be gone, or being erased: somebody else was faster.
            with suppress(InvalidInput, UnknownVideo):
                if what := trouble(chance):
                    self.done[what] += 1

    def upload(self, chance: random.Random) -> str:
        """Put a file into the inbox, or register one that lies elsewhere."""
        name, source = chance.choice(NAMES), chance.choice(self.media)
        if chance.random() < 0.5:
            self._put(source, self.inbox / f"{name}.mp4")
            return "put into the inbox"
        path = self.folder / "files" / f"{name}.mp4"
        self._put(source, path)
        register(self.store, self.settings, path, video_id_of(path))
        return "registered"

    def replace(self, chance: random.Random) -> str | None:
        """Write another file in the place of one that is known."""
        row = self._any(chance)
        if row is None or not Path(row.file_path).is_file():
            return None
        self._put(chance.choice(self.media), Path(row.file_path))
        if not Path(row.file_path).is_relative_to(self.inbox):
            register(self.store, self.settings, Path(row.file_path), row.video_id)
        return "replaced"

    def retry(self, chance: random.Random) -> str | None:
        row = self._any(chance)
        return "retried" if row and videos.retry(self.store, row.video_id) else None

    def delete(self, chance: random.Random) -> str | None:
        row = self._any(chance)
        if row is None:
            return None
        self.deleted.add(row.video_id)
        if chance.random() < 0.8:
            erasures.delete_rows(self.store, [row.video_id])
            return "deleted"
        subprocess.run([COMMAND, "delete", row.video_id, "--yes"], capture_output=True, check=False)
        return "deleted by the command"

    def kill(self, chance: random.Random) -> str | None:
        """Kill a worker, or one time in five what `up` has started."""
        if chance.random() < 0.2:
            state = (self.settings.home_path / "up.json").read_text()
            workers = [one for one in state.split('"') if one.count(":") == 2][1:]
            victims = {workers[0]: "code server", workers[2]: "daemon"}
        else:
            victims = dict.fromkeys((one.worker for one in leases.all_leases(self.store)), "worker")
        alive = [worker for worker in victims if not is_gone(worker)]
        if not alive:
            return None
        worker = chance.choice(alive)
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int(worker.split(":")[1])).kill()
        return f"{victims[worker]} killed"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    def _any(self, chance: random.Random) -> videos.VideoRow | None:
        rows = videos.list_videos(self.store)
        return chance.choice(rows) if rows else None

    def _put(self, source: Path, target: Path) -> None:
        """Copy a video whole, with its captions."""
        shutil.copy(source.with_suffix(".vtt"), target.with_suffix(".vtt"))
        whole = target.with_suffix(".part")
        shutil.copy(source, whole)
        whole.replace(target)


def chaos(
    home: Path, folder: Path, seconds: float, seed: int
) -> tuple[Counter[str], dict[str, list[str]]]:
    """Make trouble for so long; return what was done, and what is left over, by what it is."""
    for name in ("inbox", "files"):
        (folder / name).mkdir()
    os.environ |= {
        "PITCHQUEST_HOME": str(home),
        "PITCHQUEST_INBOX": str(folder / "inbox"),
        "PITCHQUEST_TRANSCRIBER": "captions",
        "PITCHQUEST_DOWNLOADS": "off",
    }
    settings = Settings(home=home, inbox=folder / "inbox")
    store = open_store(settings)
    with running_up(home):
        troubles = Troubles(settings, store, folder, short_videos(folder), seed)
        troubles.run(seconds)
        settle(store)
    return troubles.done, left_over(store, settings, troubles.deleted)


def short_videos(folder: Path) -> list[Path]:
    """Three videos of 2, 3 and 4 seconds, with captions."""
    made = []
    for seconds in (2, 3, 4):
        path = folder / f"source-{seconds}.mp4"
        write_media(path, Pictures(steady(seconds)), Sound([(0, seconds)], [(0, seconds)]))
        path.with_suffix(".vtt").write_text(
            f"WEBVTT\n\n00:00.000 --> 00:0{seconds}.000\nWe sell {seconds} loaves of bread a day.\n"
        )
        made.append(path)
    return made


@contextmanager
def running_up(home: Path) -> Iterator[None]:
    """`pitchquest up`, stopped at the end as Ctrl-C would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        command = [COMMAND, "up", "--port", str(probe.getsockname()[1])]
    with subprocess.Popen(
        command, cwd=home, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr
        try:
            said = process.stderr.readline()
            if "is up" not in said:
                sys.exit(said + process.stderr.read())
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def settle(store: Store) -> None:
    """Wait until nothing waits, is analysed or is being erased any more."""
    deadline = time.monotonic() + SETTLE_SECONDS
    quiet = 0
    while quiet < 5 and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        busy = [row for row in videos.list_videos(store) if row.status in OPEN]
        quiet = 0 if busy or erasures.unfinished(store) else quiet + 1


def left_over(store: Store, settings: Settings, deleted: set[str]) -> dict[str, list[str]]:
    """Everything that should not be there, by what it is."""
    instance = open_instance(settings)
    rows = {row.video_id: row for row in videos.list_videos(store)}
    gone = sorted(deleted - set(rows))
    objects = settings.home_path / "objects"
    of_deleted = [str(p) for p in objects.rglob("*") if p.is_file() and p.parent.name not in rows]
    # What a killed worker left of a video that is there goes with the daily pruning, after a day.
    for path in objects.rglob("*"):
        os.utime(path, (time.time() - TWO_DAYS,) * 2)
    retention.sweep_objects(store)
    named = set(
        _column(store, "select object_path from asset_values where object_path is not null")
    )
    kept = {p.relative_to(objects).as_posix() for p in objects.rglob("*") if p.is_file()}
    runs = [run for run in instance.get_runs() if not run.is_finished]
    unfinished = [one.video_id for one in erasures.unfinished(store)]
    return {
        "orphan objects": [*of_deleted, *sorted(kept - named)],
        "rows without their object": sorted(named - kept),
        "orphan rows": _column(store, ORPHANS),
        "traces of deleted videos": traces(settings.home_path, *gone) if gone else [],
        "stuck statuses": [
            *(f"{name}: {row.status}" for name, row in rows.items() if row.status in OPEN),
            *(f"run {run.run_id}: {run.status.value}" for run in runs),
            *(f"{name}: being erased" for name in unfinished),
        ],
    }


def _column(store: Store, query: str) -> list[str]:
    return store.transaction(lambda connection: list(connection.scalars(text(query))))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    # PostgreSQL does not run as root, and its own user must get there.
    with tempfile.TemporaryDirectory(prefix="pitchquest-erasure-") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        try:
            done, found = chaos(home, Path(folder), 60 * arguments.minutes, arguments.seed)
        finally:
            embedded.stop(home)
    print(", ".join(f"{what}: {times}" for what, times in sorted(done.items())))
    table = Table("left over", "", title=f"seed {arguments.seed}, {arguments.minutes:g} minutes")
    for what, names in found.items():
        table.add_row(what, str(len(names)))
        for name in names[:SHOWN]:
            table.add_row(f"  {name[:200]}", "")
    Console().print(table)
    sys.exit(1 if any(found.values()) else 0)


if __name__ == "__main__":
    main()

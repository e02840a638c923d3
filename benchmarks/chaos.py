"""Kills and freezes parts of a running `pitchquest up` at random moments, under load.

    python benchmarks/chaos.py                          # 5 minutes
    python benchmarks/chaos.py --minutes 60 --seed 7

Copies of the first seconds of a video are uploaded, so that some always wait, while one part after
another is killed (SIGKILL) or frozen (SIGSTOP, for seconds): run workers, their decoding processes,
the code server, the parent of the runs, the daemon, Dagit, PostgreSQL and `up` itself. Then nothing
is harmed any more, and whatever was uploaded must come to its end. Printed are uploads in, results
out, and

    lost      uploads without a result, or whose status is not 'completed'
    doubled   results beyond the first of an upload
    stuck     uploads that wait or are being analysed ten minutes after the last harm

and leases and scratch files that remain. The same seed gives the same order of harm, though at
other moments of the analyses.
"""

import argparse
import random
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from sqlalchemy import text  # noqa: E402

from pitchquest_assets.errors import StoreUnavailable  # noqa: E402
from pitchquest_assets.registration import register  # noqa: E402
from pitchquest_assets.settings import Settings  # noqa: E402
from pitchquest_assets.store.rows import leases, videos  # noqa: E402
from pitchquest_assets_tests.support.command import Command  # noqa: E402
from pitchquest_assets_tests.support.homes import temporary_home  # noqa: E402
from pitchquest_assets_tests.support.media_factory import first_seconds  # noqa: E402
from pitchquest_assets_tests.support.places import SAMPLE_PITCH  # noqa: E402
from pitchquest_assets_tests.support.up import Up  # noqa: E402

# So often that a video is never given up because of the harm that was done to its workers.
VARIABLES = {"PITCHQUEST_TRANSCRIBER": "off", "PITCHQUEST_MAX_ATTEMPTS": "1000"}
CLIP_SECONDS = 8.0
WAITING = 4
SHORTEST_PAUSE_SECONDS, PAUSE_SECONDS = 1.0, 9.0
FREEZE_SECONDS = (1.0, 15.0)
SETTLE_SECONDS = 600.0
POLL_SECONDS = 1.0
DECODER = "pitchquest_assets.media.decoding_process"
# What else has the environment of `up`.
NO_RUNS = ("resource_tracker", "postgres -D", DECODER)

Find = Callable[[], list[psutil.Process]]


@dataclass
class Outcome:
    """What was done, and what came of it."""

    uploads: int = 0
    results: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    harms: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    leases: int = 0
    scratch: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether every upload has its one result, and nothing is left behind."""
        return not (self.lost or self.doubled or self.stuck or self.leases or self.scratch)

    def lines(self) -> list[str]:
        """Return what is printed."""
        done = ", ".join(f"{harm} {count}" for harm, count in sorted(self.harms.items()))
        return [
            f"{self.harms.total()} harms: {done}",
            f"uploads in {self.uploads}, results out {self.results}, lost {len(self.lost)}, "
            f"doubled {len(self.doubled)}, stuck {len(self.stuck)}; workers lost {self.tries}, "
            f"leases left {self.leases}, scratch folders left {len(self.scratch)}",
            *self.lost,
            *(f"doubled: {one}" for one in self.doubled),
            *(f"stuck: {one}" for one in self.stuck),
        ]


class Harm:
    """Does harm to a running system, in a thread of its own, until it is told to end."""

    def __init__(self, up: Up, seed: int, say: Callable[[str], None]) -> None:
        self._up, self._chance, self._say = up, random.Random(seed), say
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.done: Counter[str] = Counter()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Do no more harm; what was frozen goes on."""
        self._end.set()
        self._thread.join()

    def _go_on(self) -> None:
        parts: dict[str, Find] = {
            "worker": self._workers,
            "decoder": self._decoders,
            "code-server": lambda: [self._up.services()["code-server"]],
            "runs": lambda: [self._up.services()["runs"]],
            "daemon": lambda: [self._up.services()["daemon"]],
            "webserver": lambda: [self._up.services()["webserver"]],
            "postgres": self._postgres,
            "up": self._itself,
        }
        while not self._end.wait(self._pause()):
            name = self._chance.choice([*parts, "worker"])
            freeze = self._chance.random() < 0.3
            seconds = self._chance.uniform(*FREEZE_SECONDS)
            # Whoever should be harmed may just be gone.
            with suppress(psutil.Error, FileNotFoundError, IndexError):
                found = parts[name]()
                if freeze:
                    self._freeze(name, found, seconds)
                else:
                    self._kill(name, found)
            self._look_after_up()

    def _pause(self) -> float:
        longer = self._chance.expovariate(1 / (PAUSE_SECONDS - SHORTEST_PAUSE_SECONDS))
        return SHORTEST_PAUSE_SECONDS + min(longer, 3 * PAUSE_SECONDS)

    def _kill(self, name: str, found: list[psutil.Process]) -> None:
        one = found[0] if name in ("postgres", "up") else self._chance.choice(found)
        one.kill()
        if name == "up" and self._up.process:
            self._up.process.wait()
        self._note(f"kill {name}", "")

    def _freeze(self, name: str, found: list[psutil.Process], seconds: float) -> None:
        # All of PostgreSQL stands still, as on a disk that hangs.
        frozen = found if name == "postgres" else [self._chance.choice(found)]
        try:
            for one in frozen:
                one.suspend()
            self._note(f"freeze {name}", f" for {seconds:.0f} s")
            self._end.wait(seconds)
        finally:
            for one in frozen:
                with suppress(psutil.NoSuchProcess):
                    one.resume()

    def _note(self, harm: str, more: str) -> None:
        self.done[harm] += 1
        self._say(f"{time.strftime('%H:%M:%S')} {harm}{more}")

    def _look_after_up(self) -> None:
        """Start it again as a service manager does."""
        process = self._up.process
        assert process is not None
        if process.poll() is not None:
            if process.returncode != -signal.SIGKILL:
                self._note(f"up ended by itself ({process.returncode})", "")
            process.communicate()
            self._up.start()

    def _workers(self) -> list[psutil.Process]:
        """The processes in which runs are, also those whose parent was killed."""
        home, up = str(self._up.command.home), self._up.process
        known = {one.pid for one in self._up.services().values()} | {up.pid if up else 0}
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                line = " ".join(process.cmdline())
                is_run = "python" in line and not any(other in line for other in NO_RUNS)
                is_here = process.environ().get("PITCHQUEST_HOME") == home
                if is_run and is_here and process.pid not in known:
                    found.append(process)
        return found

    def _decoders(self) -> list[psutil.Process]:
        children = [child for one in self._workers() for child in one.children()]
        return [child for child in children if DECODER in child.cmdline()]

    def _postgres(self) -> list[psutil.Process]:
        lock = self._up.command.home / "postgres" / "postmaster.pid"
        postmaster = psutil.Process(int(lock.read_text().splitlines()[0]))
        return [postmaster, *postmaster.children()]

    def _itself(self) -> list[psutil.Process]:
        assert self._up.process is not None
        return [psutil.Process(self._up.process.pid)]


class Uploads:
    """Uploads that are made one after another, and what became of them."""

    def __init__(self, up: Up, clip: Path) -> None:
        self._up, self._clip = up, clip
        self._settings = Settings(home=up.command.home)
        self.ids: list[str] = []
        self._unsure: str | None = None

    def top_up(self) -> None:
        """Upload until enough are waiting; do nothing while the database is away."""
        with suppress(StoreUnavailable):
            while len(self.open_ids()) < WAITING:
                self._upload()

    def open_ids(self) -> list[str]:
        """The uploads that wait or are being analysed."""
        rows = videos.list_videos(self._up.store)
        return [row.video_id for row in rows if row.status in ("uploaded", "processing")]

    def _upload(self) -> None:
        video_id = self._unsure or f"chaos-{len(self.ids) + 1}"
        # The answer to an earlier try may have been lost.
        if not (self._unsure and videos.find(self._up.store, video_id)):
            path = self._up.command.home / f"{video_id}.mp4"
            shutil.copy(self._clip, path)
            self._unsure = video_id
            register(self._up.store, self._settings, path, video_id)
        self._unsure = None
        self.ids.append(video_id)

    def outcome(self) -> Outcome:
        """Count what has become of them."""
        counted = text("""
            select video_id, status, error, workers_lost,
              (select count(*) from analysis_results where video_id = v.video_id) as now,
              (select count(*) from analysis_results_history where video_id = v.video_id) as before
            from videos as v
        """)
        rows = self._up.store.transaction(lambda c: c.execute(counted).all())
        known = {row.video_id: row for row in rows}
        found = Outcome(uploads=len(self.ids))
        for video_id in self.ids:
            row = known.get(video_id)
            if row is None:
                found.lost.append(f"lost: {video_id} has no row")
                continue
            found.results += row.now
            found.tries += row.workers_lost
            if row.before:
                found.doubled.append(video_id)
            if row.status in ("uploaded", "processing"):
                found.stuck.append(f"{video_id} is {row.status}")
            elif row.status != "completed" or row.now != 1:
                found.lost.append(f"lost: {video_id} is {row.status}: {row.error}")
        found.leases = len(leases.all_leases(self._up.store))
        scratch = self._up.command.home / "scratch"
        found.scratch = [one.name for one in scratch.iterdir()] if scratch.is_dir() else []
        return found


@contextmanager
def running() -> Iterator[Up]:
    """A `pitchquest up` under a home of its own."""
    with temporary_home() as home:
        up = Up(Command(home, VARIABLES), SAMPLE_PITCH)
        try:
            up.start()
            yield up
        finally:
            up.stop()


def chaos(
    up: Up, clip: Path, seconds: float, seed: int, say: Callable[[str], None] = lambda line: None
) -> Outcome:
    """Do harm for so long, then wait until everything has come to its end."""
    uploads, harm = Uploads(up, clip), Harm(up, seed, say)
    end = time.monotonic() + seconds
    uploads.top_up()
    harm.start()
    try:
        while time.monotonic() < end:
            uploads.top_up()
            time.sleep(POLL_SECONDS)
    finally:
        harm.end()
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline and not _is_settled(uploads):
        time.sleep(POLL_SECONDS)
    outcome = uploads.outcome()
    outcome.harms = harm.done
    return outcome


def _is_settled(uploads: Uploads) -> bool:
    with suppress(StoreUnavailable):
        outcome = uploads.outcome()
        # A run still writes its report when its video is completed.
        return not (outcome.stuck or outcome.leases or outcome.scratch)
    return False


def main() -> int:
    """Do harm, print what came of it, and return 1 if anything was lost, doubled or stuck."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--video", type=Path, default=SAMPLE_PITCH, help="default: the sample")
    options.add_argument("--keep", type=Path, help="copy the logs there")
    given = options.parse_args()
    with running() as up:
        clip = first_seconds(given.video, up.command.home / "clip.mp4", CLIP_SECONDS)
        outcome = chaos(up, clip, 60 * given.minutes, given.seed, partial(print, flush=True))
        if given.keep:
            shutil.copytree(up.command.home / "logs", given.keep, dirs_exist_ok=True)
    print("\n".join(outcome.lines()))
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    # A shell makes programs in the background ignore Ctrl-C, and they would pass that on.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())

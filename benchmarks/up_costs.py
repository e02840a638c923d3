"""What `pitchquest up` costs: idle, a video alone, and each of several at once."""

import contextlib
import json
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil
from processes import (
    COMMAND,
    Connection,
    Figures,
    Lines,
    commands_cpu_seconds,
    connect,
    cpu_seconds,
    database_processes,
    pss_mb,
    run,
)

SERVICES = ("code server", "run workers", "webserver", "daemon")  # in the order of up.json
ROLES = ("client", *SERVICES, "PostgreSQL")
COUNTS = ("new connections", "events", "events, kB")
SETTLE_SECONDS = 20
# Workers end, and PostgreSQL writes its statistics down a second late.
REST_SECONDS = 5
DEADLINE_SECONDS = 900
POLL_SECONDS = 0.5
# As long as the sensor waits between two looks, so that the videos come at any point of it.
LONGEST_PAUSE_SECONDS = 5
KB = 1_000


def measure_up(
    copies: Iterator[Path], videos: int, idle_seconds: float
) -> tuple[Figures, Lines, Lines]:
    with started_up() as system:
        system.analyze(next(copies))
        time.sleep(SETTLE_SECONDS)
        start = system.figures()
        time.sleep(idle_seconds)
        rest, memory = system.figures(), system.memory_mb()
        waits = [system.analyze_alone(next(copies)) for _ in range(videos)]
        alone = system.figures()
        system.analyze(*islice(copies, videos))
        at_once = system.figures()
    idle = per_second(start, rest)
    columns = [{name: 60 * rate for name, rate in idle.items()}]
    columns += [per_video(*pair, idle, videos) for pair in ((rest, alone), (alone, at_once))]
    for figures in (*columns, memory):
        figures["all"] = sum(figures[role] for role in ROLES)
    costs: Lines = [
        ("`up`", "idle, a minute", "a video alone", f"each of {videos} at once", "memory, MB")
    ]
    for role in (*ROLES, "all"):
        cells = (f"{column[role]:z.2f}" for column in columns)
        costs.append((f"CPU s, {role}", *cells, f"{memory[role]:.0f}"))
    costs += [(name, *(f"{column[name]:.0f}" for column in columns), "") for name in COUNTS]
    delays: Lines = [("s from the insert of a video alone", "median", "least", "most")]
    for until, seconds in zip(
        ("its run's start", "its result"), zip(*waits, strict=True), strict=True
    ):
        figures = (statistics.median(seconds), min(seconds), max(seconds))
        delays.append((f"to {until}", *(f"{figure:.1f}" for figure in figures)))
    totals = dict(zip(("idle", "alone", "at once"), (c["all"] for c in columns), strict=True))
    return totals, costs, delays


def per_second(before: Figures, after: Figures) -> Figures:
    seconds = after["seconds"] - before["seconds"]
    return {name: (after[name] - before[name]) / seconds for name in after}


def per_video(before: Figures, after: Figures, idle: Figures, videos: int) -> Figures:
    seconds = after["seconds"] - before["seconds"]
    return {name: (after[name] - before[name] - idle[name] * seconds) / videos for name in after}


@dataclass
class System:
    """A running `pitchquest up`, seen from outside."""

    up: psutil.Process
    ours: Connection
    dagsters: Connection

    def processes(self) -> dict[str, list[psutil.Process]]:
        """The living processes by role, who started one before it."""
        listed = json.loads(Path("up.json").read_text())["services"]
        pids = [int(service.split(":")[1]) for service in listed]
        code_server, runs, webserver, daemon = map(psutil.Process, pids)
        return {
            "client": [self.up, *(one for one in self.up.children() if one.pid not in pids)],
            "code server": [code_server],
            "webserver": [webserver, *webserver.children(recursive=True)],
            "daemon": [daemon],
            "run workers": [
                runs,
                *runs.children(recursive=True),
                *code_server.children(recursive=True),
                *daemon.children(recursive=True),
            ],
            "PostgreSQL": database_processes(),
        }

    def figures(self) -> Figures:
        """All that has been counted so far."""
        time.sleep(REST_SECONDS)
        figures = dict.fromkeys(ROLES, 0.0)
        for role, processes in self.processes().items():
            # A worker that was reaped is in the account of the service that had started it.
            reaped_by = "run workers" if role in ("code server", "daemon") else role
            for own, reaped in map(cpu_seconds, processes):
                figures[role] += own
                figures[reaped_by] += reaped
        figures["client"] += commands_cpu_seconds()
        [(sessions,)] = self.ours.execute("select sum(sessions) from pg_stat_database")
        [(events, size)] = self.dagsters.execute(
            "select count(*), coalesce(sum(pg_column_size(e.*)), 0) from event_logs as e"
        )
        counts = zip(COUNTS, map(float, (sessions, events, size / KB)), strict=True)
        return figures | dict(counts) | {"seconds": time.monotonic()}

    def memory_mb(self) -> Figures:
        return {role: sum(map(pss_mb, found)) for role, found in self.processes().items()}

    def analyze(self, *paths: Path) -> list[str]:
        """Submit videos and wait until they are completed and no run is under way; the ids."""
        ids = run("submit", *paths).split()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self._is_done(ids):
            if time.monotonic() > deadline:
                sys.exit(f"Not done after {DEADLINE_SECONDS} s: {run('status')}")
            time.sleep(POLL_SECONDS)
        return ids

    def _is_done(self, ids: list[str]) -> bool:
        query = "select status from videos where video_id = any(%s)"
        statuses = {status for (status,) in self.ours.execute(query, [ids])}
        if "failed" in statuses:
            sys.exit(run("status"))
        query = "select 1 from runs where status not in ('SUCCESS', 'FAILURE', 'CANCELED') limit 1"
        return statuses == {"completed"} and not self.dagsters.execute(query).fetchall()

    def analyze_alone(self, path: Path) -> tuple[float, float]:
        """The seconds from the insert to the run's start, and to the result."""
        time.sleep(REST_SECONDS + random.uniform(0, LONGEST_PAUSE_SECONDS))
        ids = self.analyze(path)
        query = """
            select v.job_id, extract(epoch from v.uploaded_at), extract(epoch from r.created_at)
            from videos as v join analysis_results as r using (video_id) where video_id = any(%s)
        """
        [(run_id, inserted, completed)] = self.ours.execute(query, [ids])
        query = "select start_time from runs where run_id = %s"
        [(started,)] = self.dagsters.execute(query, [run_id])
        return started - float(inserted), float(completed - inserted)


@contextlib.contextmanager
def started_up() -> Iterator[System]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        command = [COMMAND, "up", "--port", str(probe.getsockname()[1])]
    # In a session of its own, so that Ctrl-C reaches it through us alone.
    options = {"stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(command, **options) as process:
        try:
            told = process.stderr.readline()
            if "is up" not in told:
                sys.exit(told + process.stderr.read())
            with connect("DATABASE_URL") as ours, connect("DAGSTER_POSTGRES_URL") as dagsters:
                yield System(psutil.Process(process.pid), ours, dagsters)
        finally:
            process.terminate()
            process.wait()  # a second signal, as of `down`, would leave half of it running

"""What running the analyses costs beside the analysis itself: CPU, connections, rows, waiting.

    python benchmarks/orchestration.py [--videos 6] [--video PATH] [--airflow] [--markdown]

In a PITCHQUEST_HOME of its own that holds 20 results already, as the drift check wants them,
`pitchquest up` gets one video to warm up, is left alone for a minute, then gets copies of the video
one at a time, each once the one before is done, and then as many at once. After it has been
stopped, `pitchquest analyze` gets one copy, and then as many in one command.

CPU seconds are the user and system time of processes, of their living descendants and of those
that they have reaped, so that the short-lived ones count too. Figures per video are what was
counted until five seconds after the last run, less the idle cost of that time. "run workers" is
all that the warm parent, the code server and the daemon start; "client" is `pitchquest up` itself
and `submit`. Memory is PSS, each page counted once, while idle. A connection is a session in
pg_stat_database. Events are the rows of event_logs, nothing pruned; kB (of 1,000 bytes) is
sum(pg_column_size), without indexes. Seconds count from `videos.uploaded_at` to the start that
Dagster's `runs` tells and to the result's row; the videos come at random moments.

"The analysis alone" is the floor: the CPU seconds inside the functions of the assets, the decoding
process included, from the last input at hand to the output, in a warm process that has analysed a
video before. What Dagster does around them, loading and storing their values, and the checks are
not in it.

With --airflow, a chain of ten empty tasks is measured in Airflow (`airflow_costs.py`), and our
figures, less the analysis alone, are given as parts of Airflow's: the bounds are about these parts.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice, pairwise
from multiprocessing import get_context
from pathlib import Path

import psutil
import psycopg
from rich import box
from rich.console import Console
from rich.table import Table

SAMPLE = Path(__file__).parents[1] / "samples" / "pitch.mp4"
COMMAND = str(Path(sys.executable).with_name("pitchquest"))
SERVICES = ("code server", "run workers", "webserver", "daemon")  # in the order of up.json
ROLES = ("client", *SERVICES, "PostgreSQL")
COUNTS = ("new connections", "events", "events, kB")
# They would lead the commands to another database, or to a vendor.
FOREIGN_VARIABLES = ("PITCHQUEST_", "DAGSTER_", "SUPABASE_", "DATABASE_", "OPENAI_", "GEMINI_")
RESULTS_BEFORE = 20
ANALYZE_ROUNDS = 3
SETTLE_SECONDS = 20
# Workers end, and PostgreSQL writes its statistics down a second late.
REST_SECONDS = 5
DEADLINE_SECONDS = 900
POLL_SECONDS = 0.5
# As long as the sensor waits between two looks, so that the videos come at any point of it.
LONGEST_PAUSE_SECONDS = 5
KB, MB = 1_000, 1_000_000

Figures = dict[str, float]
Lines = list[tuple[str, ...]]
Connection = psycopg.Connection[tuple]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=6, help="2 or more")
    parser.add_argument("--idle-seconds", type=float, default=60)
    parser.add_argument("--video", type=Path, default=SAMPLE, help="default: the sample")
    parser.add_argument("--transcriber", default="off", help="PITCHQUEST_TRANSCRIBER")
    parser.add_argument("--airflow", action="store_true", help="compare with Airflow")
    parser.add_argument("--markdown", action="store_true", help="tables for orchestration.md")
    arguments = parser.parse_args()
    # A polite kill stops what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="pitchquest-benchmark-") as home:
        # PostgreSQL does not run as root, and its own user must get there.
        Path(home).chmod(0o755)
        for name in [name for name in os.environ if name.startswith(FOREIGN_VARIABLES)]:
            del os.environ[name]
        # An installed package has its bytecode; without, each process would compile the modules.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ |= {
            "PITCHQUEST_HOME": home,
            "PITCHQUEST_TRANSCRIBER": arguments.transcriber,
            "PITCHQUEST_DOWNLOADS": "off",
        }
        copies = copies_of(arguments.video.resolve())
        with contextlib.chdir(home):  # no .env is there
            try:
                run("analyze", *islice(copies, RESULTS_BEFORE))
                up, *tables = measure_up(copies, arguments.videos, arguments.idle_seconds)
                analyze, table = measure_analyze(copies, arguments.videos)
                show([*tables, table], markdown=arguments.markdown)
                if arguments.airflow:
                    theirs = costs_of_airflow(arguments.videos, arguments.idle_seconds)
                    show([compare(up | analyze, theirs)], markdown=arguments.markdown)
            finally:
                subprocess.run([COMMAND, "down"], check=True, capture_output=True)


def show(tables: list[Lines], *, markdown: bool) -> None:
    for headings, *rows in tables:
        table = Table(*headings, box=box.MARKDOWN if markdown else box.HEAVY_HEAD)
        for row in rows:
            table.add_row(*row)
        Console(width=110).print(table)


def copies_of(video: Path) -> Iterator[Path]:
    """Copies with names of their own, each with its captions where the video has some."""
    folder, captions, number = Path("videos"), video.with_suffix(".vtt"), 0
    folder.mkdir()
    while True:
        number += 1
        copy = folder / f"pitch-{number}{video.suffix}"
        shutil.copy(video, copy)
        if captions.is_file():
            shutil.copy(captions, copy.with_suffix(".vtt"))
        yield copy


def costs_of_airflow(runs: int, idle_seconds: float) -> Figures:
    from airflow_costs import measure_airflow

    with connect("DATABASE_URL") as connection:
        connection.execute("create database airflow template template0")
    url = run("env", "DATABASE_URL").strip().replace("/postgres?", "/airflow?")
    return measure_airflow(database_processes, cpu_seconds, url, runs, idle_seconds)


def compare(ours: Figures, airflow: Figures) -> Lines:
    """Our CPU seconds, less the analysis, as parts of Airflow's."""
    floor = ours["floor"]
    pairs = {
        "idle, a minute": (ours["idle"], airflow["idle"], 0.75),
        "`up`, a video alone": (ours["alone"] - floor, airflow["alone"], 0.55),
        "`up`, each of several at once": (ours["at once"] - floor, airflow["at once"], 0.55),
        "`analyze` of one": (ours["analyze one"] - floor, airflow["alone"], 0.7),
        "`analyze` of several, each": (ours["analyze many"] - floor, airflow["at once"], 0.22),
    }
    lines: Lines = [("CPU s", "ours", "Airflow's", "part", "bound")]
    for name, (mine, theirs, bound) in pairs.items():
        lines.append((name, f"{mine:.2f}", f"{theirs:.2f}", f"{mine / theirs:.2f}", f"{bound}"))
    return lines


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


def connect(variable: str) -> Connection:
    url = run("env", variable).strip().replace("+psycopg2", "")
    return psycopg.connect(url, autocommit=True)


def run(*arguments: str | Path) -> str:
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"pitchquest {arguments[0]} failed: {done.stderr}")
    return done.stdout


def database_processes() -> list[psutil.Process]:
    server = psutil.Process(int(Path("postgres/postmaster.pid").read_text().split()[0]))
    return [server, *server.children()]


def cpu_seconds(process: psutil.Process) -> tuple[float, float]:
    """Its own, and those of the descendants that it has reaped."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0, 0  # from now on in the account of its parent
    return times.user + times.system, times.children_user + times.children_system


def commands_cpu_seconds() -> float:
    """Those of the commands that we have run to their end."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def pss_mb(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().pss / MB
    except psutil.NoSuchProcess:
        return 0


def measure_analyze(copies: Iterator[Path], videos: int) -> tuple[Figures, Lines]:
    rounds = [cost_of_analyze(next(copies)) for _ in range(ANALYZE_ROUNDS)]
    one = [statistics.median(costs) for costs in zip(*rounds, strict=True)]
    many = cost_of_analyze(*islice(copies, videos))
    costs = {
        f"`analyze` of one, median of {ANALYZE_ROUNDS}": one,
        f"each of {videos} in one command": [cost / videos for cost in many],
        "each but the first": [(m - o) / (videos - 1) for m, o in zip(many, one, strict=True)],
        "the analysis alone": [analysis_alone(copies, videos), 0],
    }
    lines: Lines = [("CPU s a video", "the process", "PostgreSQL", "both")]
    for name, pair in costs.items():
        lines.append((name, *(f"{cost:.2f}" for cost in (*pair, sum(pair)))))
    names = ("analyze one", "analyze many", "later", "floor")
    return {name: sum(pair) for name, pair in zip(names, costs.values(), strict=True)}, lines


def cost_of_analyze(*paths: Path) -> tuple[float, float]:
    """The CPU seconds of the command, and of PostgreSQL."""
    database, commands = database_cpu_seconds(), commands_cpu_seconds()
    run("analyze", *paths)
    return commands_cpu_seconds() - commands, database_cpu_seconds() - database


def database_cpu_seconds() -> float:
    time.sleep(REST_SECONDS)
    return sum(sum(cpu_seconds(process)) for process in database_processes())


def analysis_alone(copies: Iterator[Path], videos: int) -> float:
    ids = run("submit", *islice(copies, videos + 1)).split()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        _, *warm = pool.submit(cpu_inside_assets, ids).result()
    return statistics.median(warm)


def cpu_inside_assets(ids: list[str]) -> list[float]:
    """The CPU seconds inside the functions of the assets, for each video, in this process."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the command has it
    import dagster as dg

    from pitchquest_assets.definitions import defs

    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions("videos", ids)
    job = defs.resolve_job_def("analyze_pitch")
    assets = {key.to_python_identifier() for key in job.asset_layer.executable_asset_keys}
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    costs, events = [], []
    for video_id in ids:
        events.clear()
        run_id = str(uuid.uuid4())
        instance.add_event_listener(
            run_id, lambda entry: events.append((entry.dagster_event, cpu_with_children()))
        )
        job.execute_in_process(quiet, instance, partition_key=video_id, run_id=run_id)
        costs.append(
            sum(
                until - since
                for (_, since), (event, until) in pairwise(events)
                if event and event.is_successful_output and event.step_key in assets
                if event.step_output_data.output_name == "result"  # no check's
            )
        )
    return costs


def cpu_with_children() -> float:
    """The CPU seconds of this process and of the one that decodes for it."""
    children = psutil.Process().children()
    return time.process_time() + sum(sum(child.cpu_times()[:2]) for child in children)


if __name__ == "__main__":
    main()

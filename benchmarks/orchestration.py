"""What running the analyses costs beside the analysis itself: CPU, connections, rows, waiting.

    python benchmarks/orchestration.py [--videos 6] [--video PATH] [--airflow] [--markdown]

In a PITCHQUEST_HOME of its own that holds 20 results already, as the drift check wants them,
`pitchquest up` gets one video to warm up, is left alone for a minute, then gets copies of the video
one at a time, each once the one before is done, and then as many at once. After it has been
stopped, `pitchquest analyze` gets one copy, and then as many in one command. Then a control host
and a worker of two slots, with servers of their own (`scale_out.py`), get as many through Celery.

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
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from analyze_costs import measure_analyze
from processes import COMMAND, Figures, Lines, connect, cpu_seconds, database_processes, run
from rich import box
from rich.console import Console
from rich.table import Table
from up_costs import measure_up

SAMPLE = Path(__file__).parents[1] / "samples" / "pitch.mp4"
# They would lead the commands to another database, or to a vendor.
FOREIGN_VARIABLES = ("PITCHQUEST_", "DAGSTER_", "SUPABASE_", "DATABASE_", "OPENAI_", "GEMINI_")
RESULTS_BEFORE = 20


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
                celery = costs_of_celery(next(copies), arguments.videos, arguments.transcriber)
                show([celery_table(celery)], markdown=arguments.markdown)
                if arguments.airflow:
                    theirs = costs_of_airflow(arguments.videos, arguments.idle_seconds)
                    ours = up | analyze | {"celery": sum(celery.values())}
                    show([compare(ours, theirs)], markdown=arguments.markdown)
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


def costs_of_celery(video: Path, videos: int, transcriber: str) -> Figures:
    """By part, for each of several videos at once, with servers and a home of their own."""
    # At the top, the process that measures the floor would import the package before it is set up.
    from scale_out import measure_celery

    _, costs = measure_celery(
        video, videos, PITCHQUEST_TRANSCRIBER=transcriber, PITCHQUEST_DOWNLOADS="off"
    )
    return costs


def celery_table(costs: Figures) -> Lines:
    return [
        ("CPU s of each of several at once", "through Celery"),
        *((part, f"{spent:.2f}") for part, spent in costs.items()),
        ("all", f"{sum(costs.values()):.2f}"),
    ]


def compare(ours: Figures, airflow: Figures) -> Lines:
    """Our CPU seconds, less the analysis, as parts of Airflow's."""
    floor = ours["floor"]
    pairs = {
        "idle, a minute": (ours["idle"], airflow["idle"], 0.75),
        "`up`, a video alone": (ours["alone"] - floor, airflow["alone"], 0.55),
        "`up`, each of several at once": (ours["at once"] - floor, airflow["at once"], 0.55),
        "Celery, each of several at once": (ours["celery"] - floor, airflow["at once"], 0.22),
        "`analyze` of one": (ours["analyze one"] - floor, airflow["alone"], 0.7),
        "`analyze` of several, each": (ours["analyze many"] - floor, airflow["at once"], 0.22),
    }
    lines: Lines = [("CPU s", "ours", "Airflow's", "part", "bound")]
    for name, (mine, theirs, bound) in pairs.items():
        lines.append((name, f"{mine:.2f}", f"{theirs:.2f}", f"{mine / theirs:.2f}", f"{bound}"))
    return lines


if __name__ == "__main__":
    main()

"""How much space a video takes in Dagster's database, before and after the event log is pruned.

    python benchmarks/event_log.py [--videos 8]

The sample is analysed that many times with its captions, under different ids, in its own
PITCHQUEST_HOME. Sizes are pg_total_relation_size (rows, TOAST and indexes) after VACUUM FULL, minus
the sizes after one video was analysed and pruned, so that empty pages and what is stored only once
do not count; per video, in kB of 1,000 bytes. The sizes by event type are sum(pg_column_size) of
the rows, without indexes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from pitchquest_assets.automation.dagster_pruning import event_storage, prune_events
from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.settings import load_settings

BOUND_KB = 60
KB = 1_000
SAMPLE = Path(__file__).parents[1] / "samples" / "pitch.mp4"
COMMAND = str(Path(sys.executable).with_name("pitchquest"))
TABLES = sa.text("""
    select relname, pg_total_relation_size(oid) from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace
""")
EVENT_TYPES = sa.text("""
    select coalesce(dagster_event_type, 'log line'), sum(pg_column_size(e.*)) from event_logs as e
    group by 1
""")
Sizes = dict[str, int]

console = Console(width=100)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=8)
    videos = parser.parse_args().videos
    with tempfile.TemporaryDirectory(prefix="pitchquest-benchmark-") as home:
        # PostgreSQL does not run as root, and its own user must be able to enter the folder.
        Path(home).chmod(0o755)
        os.environ |= {"PITCHQUEST_HOME": home, "PITCHQUEST_TRANSCRIBER": "captions"}
        for name in ("DAGSTER_HOME", "DAGSTER_POSTGRES_URL"):
            os.environ.pop(name, None)
        try:
            measure(videos)
        finally:
            subprocess.run([COMMAND, "down"], check=True, capture_output=True)


def measure(videos: int) -> None:
    analyze("video-0")
    instance = open_instance(load_settings())
    prune_events(instance, older_than=timedelta())
    empty = sizes(instance)
    for number in range(1, videos + 1):
        analyze(f"video-{number}")
    before = sizes(instance)
    removed = prune_events(instance, older_than=timedelta())
    after = sizes(instance)
    for title, index in (("table, with indexes", 0), ("event type in event_logs, rows only", 1)):
        print_table(title, empty[index], before[index], after[index], videos)
    cost = (after[0]["event_logs"] - empty[0]["event_logs"]) / videos / KB
    console.print(
        f"{removed / videos:.0f} rows per video were pruned; the event log keeps {cost:.1f} kB per "
        f"video, {'below' if cost < BOUND_KB else 'ABOVE'} the bound of {BOUND_KB} kB."
    )


def analyze(video_id: str) -> None:
    command = [COMMAND, "analyze", str(SAMPLE), "--video-id", video_id]
    subprocess.run(command, check=True, capture_output=True)


def sizes(instance: dg.DagsterInstance) -> tuple[Sizes, Sizes]:
    """Return the bytes by table and by event type."""
    with event_storage(instance).index_connection() as connection:
        connection.execute(sa.text("vacuum full"))
        by_table, by_type = (
            {name: int(size) for name, size in connection.execute(query)}
            for query in (TABLES, EVENT_TYPES)
        )
    return by_table, by_type


def print_table(title: str, empty: Sizes, before: Sizes, after: Sizes, videos: int) -> None:
    def kb(sizes: Sizes, name: str) -> float:
        return (sizes.get(name, 0) - empty.get(name, 0)) / videos / KB

    table = Table(title, "kB per video before", "after")
    for name in sorted(before, key=lambda name: -kb(before, name)):
        if kb(before, name) > 0:
            table.add_row(name, f"{kb(before, name):.1f}", f"{kb(after, name):.1f}")
    total = [sum(kb(sizes, name) for name in before) for sizes in (before, after)]
    table.add_row("all", *(f"{value:.1f}" for value in total), style="bold")
    console.print(table)


if __name__ == "__main__":
    main()

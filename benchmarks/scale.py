"""How the parts of the system grow with the number of videos: seconds for each, and the slope.

    python benchmarks/scale.py [--videos 1000 10000 100000 1000000] [--kept 30000] [--markdown]

One video is analysed. Its rows are then copied by SQL, with ids of their own, until there are as
many videos as asked. Of Dagster's rows, which go after PARTITION_RETENTION_DAYS, --kept videos at
most have some: the key of the partition, the run, and the materialisations. JSON stays empty. Then
each part is measured (median of five, wall and CPU seconds of this process): the ticks of sensors,
`status`, the window of the drift check, what retention looks through when nothing is due, and two
pages of Dagit, by the queries that they send. The slope is the exponent of the growth from the last
but one size to the last: 0 does not grow, 1 grows with the number.
"""

import argparse
import contextlib
import io
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psycopg
from dagster._core.definitions.partitions.context import partition_loading_context
from psycopg import sql
from rich import box
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SAMPLE = ROOT / "samples" / "pitch.mp4"
COMMAND = str(Path(sys.executable).with_name("pitchquest"))
ROUNDS = 5
RUNS_PAGE = """
query { runsOrError(limit: 26) { ... on Runs { results {
  runId status startTime endTime jobName tags { key value }
} } } runsCountOrError: runsOrError { ... on Runs { count } } }
"""
PARTITIONS_PAGE = """
query($path: [String!]!) { assetNodeOrError(assetKey: {path: $path}) { ... on AssetNode {
  partitionStats { numMaterialized numFailed numPartitions }
  partitionKeysByDimension { name partitionKeys }
  assetPartitionStatuses { ... on DefaultPartitionStatuses {
    materializedPartitions failedPartitions
  } }
} } }
"""

Parts = dict[str, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = [1_000, 10_000, 100_000, 1_000_000]
    parser.add_argument("--videos", type=int, nargs="+", default=sizes)
    parser.add_argument("--kept", type=int, default=30_000, help="videos that Dagster knows")
    parser.add_argument("--markdown", action="store_true", help="a table for docs/scale.md")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="pitchquest-scale-"))
    home.chmod(0o755)
    os.environ |= {
        "PITCHQUEST_HOME": str(home),
        "PITCHQUEST_TRANSCRIBER": "captions",  # the drift check leaves out what has no score
        "PITCHQUEST_DOWNLOADS": "off",
    }
    from pitchquest_assets.store.postgres import embedded

    try:
        subprocess.run([COMMAND, "analyze", SAMPLE], check=True, capture_output=True)
        columns = [measure(home, size, arguments.kept) for size in sorted(arguments.videos)]
        show(sorted(arguments.videos), columns, markdown=arguments.markdown)
    finally:
        embedded.stop(home)
        shutil.rmtree(home)


def measure(home: Path, size: int, kept: int) -> dict[str, tuple[float, float]]:
    """The median wall and CPU seconds of each part with this many videos."""
    from pitchquest_assets.cli.dagster_instance import open_instance
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.postgres import embedded
    from pitchquest_assets_tests.support.dagit import opened

    url = embedded.start(home)
    print(f"Filling up to {size:,} videos ...", file=sys.stderr)
    fill(url, ("videos", "analysis_results"), size)
    fill(
        url.replace("/postgres?", "/dagster?"),
        ("dynamic_partitions", "runs", "run_tags", "event_logs"),
        min(size, kept),
    )
    instance = open_instance(load_settings())
    with opened(instance) as dagit:
        parts = {
            **sensors(instance),
            **commands(instance),
            "Dagit: runs": lambda: dagit.ask(RUNS_PAGE),
            "Dagit: partitions": lambda: dagit.ask(PARTITIONS_PAGE, path=["aggregated_result"]),
        }
        found = {name: _seconds(part) for name, part in parts.items()}
    print(found, file=sys.stderr)
    return found


def _seconds(part: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = [], []
    for _ in range(ROUNDS):
        began, began_cpu = time.perf_counter(), time.process_time()
        part()
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    return statistics.median(wall), statistics.median(cpu)


def sensors(instance: dg.DagsterInstance) -> Parts:
    """A tick of each sensor that asks the database, as the code server evaluates it."""
    from pitchquest_assets.definitions import defs
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.resource import StoreResource

    repository = defs.get_repository_def()

    def tick(name: str) -> object:
        resources = {"store": StoreResource.of(load_settings())}
        with (
            dg.build_sensor_context(
                instance=instance, repository_def=repository, resources=resources
            ) as context,
            partition_loading_context(dynamic_partitions_store=instance),
        ):
            return repository.get_sensor_def(name).evaluate_tick(context)

    names = ("new_uploads", "left_behind", "new_results", "system_health")
    return {f"tick: {name}": lambda name=name: tick(name) for name in names}


def commands(instance: dg.DagsterInstance) -> Parts:
    """What `status`, the drift check and the job `retention` ask."""
    from pitchquest_assets.analysis.drift.drift import MAX_RESULTS
    from pitchquest_assets.automation import dagster_pruning
    from pitchquest_assets.cli.show import print_status
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.rows import drift_episodes, retention
    from pitchquest_assets.store.store import open_store

    store = open_store(load_settings())

    def status() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            print_status(store, None, as_json=False, newest=20)

    return {
        "status": status,
        "drift: window": lambda: drift_episodes.window_of(store, MAX_RESULTS),
        "retention: values": lambda: retention.prune_values(store, 7),
        "retention: results": lambda: retention.prune_results(store, 3_650),
        "retention: keys": lambda: dagster_pruning.prune_partition_keys(instance, store, 30),
        "retention: events": lambda: dagster_pruning.prune_events(instance),
        "retention: runs": lambda: dagster_pruning.prune_runs(instance, 30),
    }


def fill(url: str, tables: tuple[str, ...], size: int) -> None:
    """Copy the rows of the one video until there are `size` of each, under ids of their own."""
    with psycopg.connect(url) as connection:
        connection.execute("set session_replication_role = replica")  # no triggers
        is_dagster = "runs" in tables
        if is_dagster:
            source = "select run_id, partition from runs where partition is not null order by id"
        else:
            source = "select job_id, video_id from videos order by id"
        found = connection.execute(f"{source} limit 1").fetchone()
        assert found
        counted = "runs" if is_dagster else "videos"
        [(have,)] = connection.execute(f"select count(*) from {counted}").fetchall()
        for table in tables:
            _copy(connection, table, *found, first=have, last=size - 1)
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")


def _copy(
    connection: psycopg.Connection, table: str, run_id: str, video_id: str, first: int, last: int
) -> None:
    query = """
        select column_name, data_type from information_schema.columns
        where table_name = %s and table_schema = 'public' and column_name <> 'id'
          and is_generated = 'NEVER' order by ordinal_position
    """
    columns = connection.execute(query, [table]).fetchall()
    new_run = sql.SQL("md5({} || n)::uuid::text").format(sql.Literal(video_id))
    new_video = sql.SQL("{} || n").format(sql.Literal(f"{video_id}-"))

    def value(name: str, kind: str) -> sql.Composable:
        if kind.startswith("timestamp"):  # indexes are of no use where all rows have one time
            return sql.SQL("r.{} - n * interval '1 millisecond'").format(sql.Identifier(name))
        if kind not in ("text", "character varying", "jsonb"):
            return sql.SQL("r.{}").format(sql.Identifier(name))
        if kind == "jsonb":
            return sql.SQL("'{}'::jsonb")  # a whole result has 100 kB, and no part here reads it
        return sql.SQL("replace(replace(r.{}::text, {}, {}), {}, {})").format(
            sql.Identifier(name),
            sql.Literal(run_id),
            new_run,
            sql.Literal(video_id),
            new_video,
        )

    conditions = {
        "event_logs": "r.run_id = {run} and r.dagster_event_type = 'ASSET_MATERIALIZATION'",
        "run_tags": "r.run_id = {run}",
        "runs": "r.run_id = {run}",
        "dynamic_partitions": "r.partition = {video}",
    }
    condition = conditions.get(table, "r.video_id = {video}")
    statement = sql.SQL(
        "insert into {table} ({names}) select {values} from {table} as r, "
        "generate_series({first}, {last}) as n where " + condition
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
        values=sql.SQL(", ").join(value(name, kind) for name, kind in columns),
        first=sql.Literal(first),
        last=sql.Literal(last),
        run=sql.Literal(run_id),
        video=sql.Literal(video_id),
    )
    connection.execute(statement)


def show(
    sizes: list[int], columns: list[dict[str, tuple[float, float]]], *, markdown: bool
) -> None:
    headings = ["ms, wall (CPU)", *(f"{size:,}" for size in sizes), "slope"]
    table = Table(*headings, box=box.MARKDOWN if markdown else box.HEAVY_HEAD)
    for name in columns[0]:
        cells = [column[name] for column in columns]
        shown = (f"{1000 * wall:.0f} ({1000 * cpu:.0f})" for wall, cpu in cells)
        table.add_row(name, *shown, _slope(sizes, [wall for wall, _ in cells]))
    Console(width=120).print(table)


def _slope(sizes: list[int], seconds: list[float]) -> str:
    if len(sizes) < 2:
        return "–"
    return f"{math.log(seconds[-1] / seconds[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


if __name__ == "__main__":
    main()

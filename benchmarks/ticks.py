"""What a tick of the sensors costs with a million videos and 30,000 partitions.

    python benchmarks/ticks.py

It fills its own database, then evaluates each sensor as the code server does, once with nothing
waiting and once with 10,000 uploads waiting. Seconds are wall and CPU time of the evaluation (the
median of five), without the daemon's own bookkeeping.
"""

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import dagster as dg
from dagster._core.definitions.partitions.context import partition_loading_context
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

VIDEOS, PARTITIONS, WAITING, ROUNDS = 1_000_000, 30_000, 10_000, 5
BATCH = 1_000


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="pitchquest-ticks-"))
    os.environ["PITCHQUEST_HOME"] = str(home)
    from pitchquest_assets.cli.dagster_instance import open_instance
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.postgres import embedded
    from pitchquest_assets.store.store import open_store

    try:
        store, instance = open_store(load_settings()), open_instance(load_settings())
        with store.engine.begin() as connection:
            connection.execute(_insert("done", "completed"), {"count": VIDEOS})
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("analyze videos"))
        for first in range(0, PARTITIONS, BATCH):
            keys = [f"done{number}" for number in range(first, first + BATCH)]
            instance.add_dynamic_partitions("videos", keys)
        table = Table("sensor", "waiting", "requests", "wall s", "CPU s")
        measure(instance, table, waiting=0)
        with store.engine.begin() as connection:
            connection.execute(_insert("waiting", "uploaded"), {"count": WAITING})
        measure(instance, table, waiting=WAITING)
        Console().print(table)
    finally:
        embedded.stop(home)
        shutil.rmtree(home)


def _insert(prefix: str, status: str):
    return text(f"""
        insert into videos (video_id, filename, file_path, status)
        select '{prefix}' || n, 'pitch.mp4', '/pitch.mp4', '{status}'
        from generate_series(1, :count) as n
    """)


def measure(instance: dg.DagsterInstance, table: Table, *, waiting: int) -> None:
    from pitchquest_assets.automation.left_behind import left_behind
    from pitchquest_assets.automation.upload_sensors import new_uploads
    from pitchquest_assets.definitions import definitions_of
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.resource import StoreResource

    repository = definitions_of(load_settings()).get_repository_def()
    for sensor in (new_uploads, left_behind):
        wall, cpu = [], []
        for _ in range(ROUNDS):
            began, began_cpu = time.perf_counter(), time.process_time()
            resources = {"store": StoreResource.of(load_settings())}
            with (
                dg.build_sensor_context(
                    instance=instance, repository_def=repository, resources=resources
                ) as context,
                partition_loading_context(dynamic_partitions_store=instance),
            ):
                tick = sensor.evaluate_tick(context)
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - began_cpu)
        seconds = (f"{statistics.median(figures):.3f}" for figures in (wall, cpu))
        table.add_row(sensor.name, str(waiting), str(len(tick.run_requests or [])), *seconds)


if __name__ == "__main__":
    main()

"""What `pitchquest analyze` costs, and the analysis alone."""

import os
import statistics
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice, pairwise
from multiprocessing import get_context
from pathlib import Path

import psutil
from processes import (
    Figures,
    Lines,
    commands_cpu_seconds,
    cpu_seconds,
    database_processes,
    run,
)

ANALYZE_ROUNDS = 3
# PostgreSQL's processes have ended.
REST_SECONDS = 5


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

"""The command `pitchquest` and its database as processes, and what they have spent."""

import resource
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg

COMMAND = str(Path(sys.executable).with_name("pitchquest"))
MB = 1_000_000

Figures = dict[str, float]
Lines = list[tuple[str, ...]]
Connection = psycopg.Connection[tuple]


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

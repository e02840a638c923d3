"""What Airflow's LocalExecutor costs for a chain of ten tasks that do nothing, on this machine.

`orchestration.py --airflow` measures it in the same run, with the same PostgreSQL server, so that
ratios do not depend on the machine or its load. Airflow gets a virtual environment of its own,
installed at the first call. All of `airflow standalone` counts, but no command that starts a run:
that is asked of its API.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import psycopg

VERSION = "3.3.2"
PACKAGES = (f"apache-airflow=={VERSION}", "psycopg2-binary", "asyncpg")
VENV = Path.home() / ".cache" / "pitchquest-benchmarks" / f"airflow-{VERSION}"
PORT = 8893
TASKS = 10
DAG = f"""
from airflow.sdk import dag, task

@dag(schedule=None, is_paused_upon_creation=False)
def empty():
    @task
    def nothing():
        pass

    last = None
    for _ in range({TASKS}):
        now = nothing()
        if last is not None:
            last >> now
        last = now

empty()
"""
START_SECONDS = 300
SETTLE_SECONDS = 20
REST_SECONDS = 5
POLL_SECONDS = 0.5

Spent = Callable[[psutil.Process], tuple[float, float]]


def measure_airflow(
    database: Callable[[], list[psutil.Process]],
    spent: Spent,
    url: str,
    runs: int,
    idle_seconds: float,
) -> dict[str, float]:
    """Return CPU seconds: `idle` a minute, `alone` for a run, and `at once` for each of several.

    Args:
        database: the processes of the PostgreSQL server, whose time counts.
        spent: the CPU seconds of a process, and of those that it has reaped.
        url: a database in that server that is Airflow's alone, for psycopg.
    """

    def total() -> tuple[float, float]:
        time.sleep(REST_SECONDS)
        found = [standalone, *standalone.children(recursive=True), *database()]
        return sum(sum(spent(process)) for process in found), time.monotonic()

    def per_run(before: tuple[float, float], after: tuple[float, float], count: int) -> float:
        return (after[0] - before[0] - idle * (after[1] - before[1])) / count

    with _standalone(url) as (standalone, start_runs):
        start_runs(1)
        time.sleep(SETTLE_SECONDS)
        start = total()
        time.sleep(idle_seconds)
        rest = total()
        idle = (rest[0] - start[0]) / (rest[1] - start[1])
        for _ in range(runs):
            start_runs(1)
        alone = total()
        start_runs(runs)
        at_once = total()
    return {
        "idle": 60 * idle,
        "alone": per_run(rest, alone, runs),
        "at once": per_run(alone, at_once, runs),
    }


def airflow() -> Path:
    """Return the command; installs it if need be."""
    command = VENV / "bin" / "airflow"
    if not command.exists():
        print(f"Installing Airflow into {VENV} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
    return command


@contextlib.contextmanager
def _standalone(url: str) -> Iterator[tuple[psutil.Process, Callable[[int], None]]]:
    """Airflow with its scheduler, API, processor and triggerer; and how to have runs done."""
    home = Path("airflow").absolute()
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "empty.py").write_text(DAG)
    address = f"http://127.0.0.1:{PORT}"
    variables = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__API__PORT": str(PORT),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("postgresql:", "postgresql+psycopg2:"),
    }
    command = [str(airflow()), "standalone"]
    path = os.pathsep.join([str(VENV / "bin"), os.environ["PATH"]])
    options = {"env": os.environ | variables | {"PATH": path}, "start_new_session": True}
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, **options) as process,
    ):
        found = psutil.Process(process.pid)
        try:
            client = _client(address, process, home / "log")
            yield found, lambda count: _run(client, url, count)
        finally:
            children = found.children(recursive=True)
            process.terminate()
            _, left = psutil.wait_procs([found, *children], timeout=20)
            for one in left:
                one.kill()


def _client(address: str, process: subprocess.Popen[bytes], log: Path) -> httpx.Client:
    """A client of its API, once that knows the DAG."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError, KeyError, ValueError):
            token = httpx.get(f"{address}/auth/token").json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            client = httpx.Client(base_url=address, headers=headers, timeout=60)
            if client.get("/api/v2/dags/empty").is_success:
                return client
        time.sleep(POLL_SECONDS)
    sys.exit(f"Airflow does not start: {log.read_text()[-2000:]}")


def _run(client: httpx.Client, url: str, count: int) -> None:
    """Have this many runs done, and wait for their end."""
    ids = []
    for _ in range(count):
        answer = client.post("/api/v2/dags/empty/dagRuns", json={"logical_date": None})
        ids.append(answer.raise_for_status().json()["dag_run_id"])
    query = "select state from dag_run where run_id = any(%s)"
    with psycopg.connect(url, autocommit=True) as connection:
        while states := {state for (state,) in connection.execute(query, [ids])} - {"success"}:
            if "failed" in states:
                sys.exit("A run of Airflow's has failed.")
            time.sleep(POLL_SECONDS)

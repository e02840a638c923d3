"""The Celery app of `pitchquest worker`: executes whole runs in processes that stay warm."""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from celery.signals import worker_process_init
from dagster_celery.make_app import make_app
from sqlalchemy.exc import SQLAlchemyError

from pitchquest_assets import definitions
from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.cli.parent_death import die_with_parent
from pitchquest_assets.dagster_private import capture_interrupts, execute_launched_run
from pitchquest_assets.distributed.celery_settings import CELERY_SETTINGS, EXECUTE_RUN, NO_BACKEND
from pitchquest_assets.errors import PitchQuestError
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import leases
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets.worker import this_worker

GARBAGE_OBJECTS = 20_000


def _app() -> Any:
    broker = load_settings().broker_url
    url = broker.get_secret_value() if broker else None
    arguments = {"broker": url, "backend": NO_BACKEND, "config_source": CELERY_SETTINGS}
    return make_app(arguments)  # type: ignore[no-untyped-call]


app = _app()


@app.task(bind=True, name=EXECUTE_RUN)  # type: ignore[untyped-decorator]
def execute_run(task: Any) -> None:
    """Execute the run whose id is the task's."""
    execute(task.request.id)


def execute(run_id: str) -> None:
    """Execute a run in this process, unless another one has it; `leases.take` decides.

    Raises:
        StoreUnavailable: the database does not answer; the run is sent again.
    """
    settings = load_settings()
    store, worker = open_store(settings), this_worker()
    if not leases.take(store, run_id, worker, settings.worker_silent_seconds):
        return
    try:
        with _in_silence(), capture_interrupts():
            execute_launched_run(run_id, _instance(), lambda event: None, False)
    finally:
        # Dagster resets SIGTERM to what it found for SIGINT, which Celery's processes ignore.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _give_back(store, run_id, worker)


@contextmanager
def _in_silence() -> Iterator[None]:
    """Print nothing: Dagster prints a line for each event, which is in its event log anyway."""
    with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
        yield


def _give_back(store: Store, run_id: str, worker: str) -> None:
    """Delete the lease if the run has ended; if not, this worker has left it unfinished."""
    try:
        run = _instance().get_run_by_id(run_id)
        if run is None or run.is_finished:
            leases.delete(store, run_id, worker)
        else:
            leases.end(store, [worker], run_id)
    except (PitchQuestError, SQLAlchemyError):
        # Nobody sends heartbeats for a process that is gone.
        os._exit(1)


@cache
def _instance() -> dg.DagsterInstance:
    """The instance, whose connections are kept from one run to the next."""
    return open_instance(load_settings())


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin(**_: object) -> None:
    die_with_parent(signal.SIGKILL)


# Forked processes share what is loaded now, and collect no garbage in it.
definitions.defs.resolve_job_def("analyze_pitch")
gc.collect()
gc.freeze()
gc.set_threshold(GARBAGE_OBJECTS)

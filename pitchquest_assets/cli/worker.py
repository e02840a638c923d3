"""`pitchquest worker`: executes the runs of one queue on this machine, until Ctrl-C.

This process executes nothing itself. It starts Celery, whose processes execute the runs, and sends
the heartbeats for those that are alive: native code may keep such a process from sending any for
minutes. It also looks after what is on this machine only: spooled results, scratch files, the disk.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psutil  # type: ignore[import-untyped]
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pitchquest_assets.automation.health import MIN_FREE_BYTES, tell_of_disk
from pitchquest_assets.automation.left_behind import give_back_all
from pitchquest_assets.automation.left_files import remove_made_files
from pitchquest_assets.cli.dagster_instance import open_instance, point_to_instance
from pitchquest_assets.cli.parent_death import die_with_parent
from pitchquest_assets.distributed.readiness import check_machines
from pitchquest_assets.errors import PitchQuestError
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import scratch, spool
from pitchquest_assets.store.home import make_home
from pitchquest_assets.store.rows import leases, run_workers
from pitchquest_assets.store.rows.run_workers import RunWorker
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets.worker import KEPT_BY_PARENT, host_of, is_gone, name_of, this_worker

Say = Callable[[str], None]

WATCH_SECONDS = 0.5
BEATS_BEFORE_SILENT = 6
HOUSEKEEPING_SECONDS = 15.0
RESTART_PAUSE_SECONDS = 3.0


def work(settings: Settings, queue: str, slots: int, say: Say) -> None:
    """Execute runs until KeyboardInterrupt; then give back those that are under way.

    Args:
        slots: runs at a time.

    Raises:
        SettingsError: the settings do not fit several machines.
        StoreUnavailable: the database or Storage does not answer.
    """
    check_machines(settings)
    make_home(settings.home_path)
    store = open_store(settings)
    store.check_storage()
    os.environ.update(point_to_instance(settings))
    machine = _Machine(settings, store, queue, slots)
    try:
        machine.start()
        say(f"Waiting for runs of the queue {queue!r}, {slots} at a time (Ctrl-C stops).")
        machine.watch(say)
    except KeyboardInterrupt:
        for polite in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(polite, signal.SIG_IGN)
        say("Stopping ...")
    finally:
        machine.stop()
    for video_id in give_back_all(open_instance(settings), store):
        say(f"{video_id} was being analysed and waits for another worker.")


class _Machine:
    """What one `pitchquest worker` runs and looks after."""

    def __init__(self, settings: Settings, store: Store, queue: str, slots: int) -> None:
        self._settings, self._store = settings, store
        self._queue, self._slots, self._name = queue, slots, this_worker()
        self._celery: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._living: set[str] = set()

    def start(self) -> None:
        """Start Celery in a session of its own, so that Ctrl-C reaches only this process."""
        command = [sys.executable, "-m", "celery", "-A", "pitchquest_assets.cli.celery_tasks"]
        command += ["worker", "--queues", self._queue, "--concurrency", str(self._slots)]
        command += ["--hostname", f"{self._queue}-{os.getpid()}@%h", "--loglevel", "WARNING"]
        # Workers need not know about each other.
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self._celery = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, KEPT_BY_PARENT: "1"},
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGKILL),
        )
        self._started_at = time.monotonic()

    def stop(self) -> None:
        """End all runs at once: whatever they have stored is complete."""
        if self._celery is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._celery.pid, signal.SIGKILL)
            self._celery.wait()
        with suppress(PitchQuestError, SQLAlchemyError):
            run_workers.delete(self._store, self._name)

    def watch(self, say: Say) -> None:
        """Until interrupted, send heartbeats, restart Celery if it has ended, and keep house."""
        beat_seconds = self._settings.worker_silent_seconds / BEATS_BEFORE_SILENT
        next_beat = next_housekeeping = 0.0
        while True:
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + beat_seconds
                with suppress(PitchQuestError, SQLAlchemyError):  # the next one may succeed
                    self._beat()
            if now >= next_housekeeping:
                next_housekeeping = now + HOUSEKEEPING_SECONDS
                with suppress(PitchQuestError, SQLAlchemyError):
                    self._keep_house(say)
            if self._has_ended():
                say("Celery has ended and is restarted.")
                self.start()
            time.sleep(WATCH_SECONDS)

    def _has_ended(self) -> bool:
        assert self._celery is not None
        is_old = time.monotonic() - self._started_at > RESTART_PAUSE_SECONDS
        return self._celery.poll() is not None and is_old

    def _beat(self) -> None:
        """Renew the leases of the living processes; record that the others have ended."""
        living = self._processes()
        row = RunWorker(self._name, self._queue, self._slots, self._free_bytes())

        def write(connection: Connection) -> None:
            run_workers.beat(connection, row)
            leases.beat_for(connection, sorted(living))

        self._store.transaction(write)
        if ended := self._living - living:
            leases.end(self._store, sorted(ended))
        self._living = living

    def _processes(self) -> set[str]:
        """The names of Celery's processes, as they are in leases."""
        assert self._celery is not None
        found = set()
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self._celery.pid).children():
                with suppress(psutil.NoSuchProcess):
                    found.add(name_of(child.pid))
        return {name for name in found if not is_gone(name)}

    def _keep_house(self, say: Say) -> None:
        """Store what was spooled here, remove what is no longer of use, look at the disk."""
        if (free := self._free_bytes()) < MIN_FREE_BYTES:
            tell_of_disk(self._store, self._settings.home_path, free, host_of(self._name))
        for folder in scratch.sweep(self._settings, is_gone):
            say(f"The scratch files {folder} were removed, as their worker is gone.")
        remove_made_files(self._store, self._settings)
        if spool.waiting(self._settings):
            recovered, problems = spool.recover_all(self._store, self._settings)
            for sentence in (*map(str, recovered), *problems):
                say(sentence)

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._settings.home_path).free

"""Several machines: servers that all of them reach, a control host with `up`, and workers."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows import run_workers, videos
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets_tests.support.command import PITCHQUEST, Command
from pitchquest_assets_tests.support.homes import temporary_home
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.redis_server import RedisServer, redis_server
from pitchquest_assets_tests.support.storage.server import StorageServer
from pitchquest_assets_tests.support.supabase_project.tcp_server import tcp_server
from pitchquest_assets_tests.support.up import Up

# A tenth of what the settings say, so that tests need not wait for minutes.
SILENT_SECONDS = 6


@dataclass(frozen=True)
class CommandOfMany(Command):
    """`pitchquest` on a machine that shares its database with others."""

    @property
    def settings(self) -> Settings:
        shared = ("SUPABASE_URL", "SUPABASE_KEY", "DATABASE_URL")
        return Settings(home=self.home, **{name: self.variables[name] for name in shared})  # type: ignore[arg-type]

    def rows(self) -> dict[str, VideoRow]:
        store = open_store(self.settings)
        return {row.video_id: row for row in videos.list_videos(store)}


@dataclass
class ControlHost(Up):
    """`pitchquest up` on the machine with the daemon."""

    @property
    def store(self) -> Store:
        assert isinstance(self.command, CommandOfMany)
        return open_store(self.command.settings)


@dataclass
class Worker:
    """`pitchquest worker` on a machine: with its own home, and perhaps its own network."""

    home: Path
    variables: dict[str, str]
    # What runs a command on this machine, such as `ip netns exec`.
    on_machine: Sequence[str] = ()
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, slots: int = 1, queue: str = "cpu") -> None:
        self.home.mkdir(exist_ok=True)
        command = [str(PITCHQUEST), "worker"]
        command += ["--concurrency", str(slots), "--queue", queue]
        log = self.home.with_suffix(".log")
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*self.on_machine, *command],
                env={
                    **{k: v for k, v in os.environ.items() if not k.startswith("PITCHQUEST")},
                    **self.variables,
                    "PITCHQUEST_HOME": str(self.home),
                    "PITCHQUEST_DOWNLOADS": "off",
                },
                cwd=self.home,
                stdout=output,
                stderr=output,
            )

    def processes(self) -> list[psutil.Process]:
        """All of them, the oldest first."""
        assert self.process
        with suppress(psutil.NoSuchProcess):
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        return []

    def signal_all(self, what: signal.Signals) -> None:
        """Send a signal to every process, as if their machine froze, went on, or lost power."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(what)

    def lose_power(self) -> None:
        self.signal_all(signal.SIGKILL)
        assert self.process
        self.process.wait()

    def said(self) -> str:
        return self.home.with_suffix(".log").read_text()

    def stop(self) -> None:
        """Stop it as a service manager does, unless it has ended."""
        if self.process and self.process.poll() is None:
            for process in self.processes():
                if process.cmdline()[1:3] == [str(PITCHQUEST), "worker"]:
                    process.send_signal(signal.SIGTERM)
                    break
            self.process.wait(60)


@dataclass
class Machines:
    """The servers, the control host, and the workers that were added."""

    folder: Path
    up: ControlHost
    redis: RedisServer
    storage: StorageServer
    workers: list[Worker] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.up.store

    def add_worker(self, on_machine: Sequence[str] = (), slots: int = 1) -> Worker:
        """Start one more worker, and wait until it waits for runs."""
        name = f"worker-{len(self.workers)}"
        worker = Worker(self.folder / name, self.up.command.variables, on_machine)
        known = len(run_workers.living(self.store))
        worker.start(slots)
        self.workers.append(worker)
        self.up.wait_until(
            lambda: len(run_workers.living(self.store)) > known, "the worker does not come"
        )
        return worker

    def submit(self, video: Path, count: int, name: str) -> list[str]:
        """Submit copies of a video, with captions if some lie beside it; return their ids."""
        folder = self.folder / name
        folder.mkdir()
        for number in range(count):
            for file in (video, video.with_suffix(".vtt")):
                if file.is_file():
                    shutil.copy(file, folder / f"{name}-{number}{file.suffix}")
        return self.up.submit(folder).split()


@contextmanager
def machines(
    host: str = "127.0.0.1", runs_at_once: int = 2, **variables: str
) -> Iterator[Machines]:
    """The servers, reached by this address, and a control host without any worker."""
    storage = StorageServer()
    storage.host = host
    with temporary_home() as folder, tcp_server(host) as url, storage:
        (folder / "redis").mkdir()
        (folder / "control").mkdir()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create database dagster")
        with redis_server(folder / "redis", host) as redis:
            shared = {
                "PITCHQUEST_TRANSCRIBER": "captions",
                "PITCHQUEST_WORKER_SILENT_SECONDS": str(SILENT_SECONDS),
                "PITCHQUEST_MAX_CONCURRENT_RUNS": str(runs_at_once),
                "SUPABASE_URL": storage.url,
                "SUPABASE_KEY": storage.service_key,
                "DATABASE_URL": url,
                "DAGSTER_POSTGRES_URL": _of_dagster(url),
                "PITCHQUEST_BROKER_URL": redis.url,
                **variables,
            }
            up = ControlHost(CommandOfMany(folder / "control", shared), SAMPLE_PITCH)
            found = Machines(folder, up, redis, storage)
            try:
                up.start()
                yield found
            finally:
                for worker in found.workers:
                    worker.signal_all(signal.SIGCONT)
                    worker.stop()
                up.stop()


def _of_dagster(url: str) -> str:
    server = url.removesuffix("/postgres").replace("postgresql:", "postgresql+psycopg2:", 1)
    return f"{server}/dagster"

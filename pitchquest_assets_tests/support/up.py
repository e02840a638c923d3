"""`pitchquest up` as an operator runs it: in its own process, watched through the database."""

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows import leases, results, videos
from pitchquest_assets.store.rows.progress import stored_assets
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.result_rows import count_replaced_results

DEADLINE_SECONDS = 600
POLL_SECONDS = 0.3


@dataclass
class Up:
    """A running `pitchquest up`, with the actions of a person."""

    command: Command
    sample: Path
    port: int = field(default_factory=lambda: _free_port())
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Store:
        return open_store(Settings(home=self.command.home))

    def start(self) -> None:
        """Start it and wait until it says that it is up."""
        self.process = self.command.start("up", "--port", str(self.port))
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        assert said.startswith(f"PitchQuest is up: {self.url}"), said + self.process.stderr.read()

    def stop(self) -> None:
        """Stop it as a service manager does, unless it has ended."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            _, told = self.process.communicate(timeout=DEADLINE_SECONDS)
            assert self.process.returncode == 0, told

    def services(self) -> dict[str, psutil.Process]:
        """The programs that it watches."""
        state = json.loads((self.command.home / "up.json").read_text())
        names = ("code-server", "runs", "webserver", "daemon")
        pids = [int(worker.split(":")[1]) for worker in state["services"]]
        return {name: psutil.Process(pid) for name, pid in zip(names, pids, strict=True)}

    def submit_good(self, name: str, *, captions: bool = True) -> str:
        """Submit the sample under this name; without captions its transcript takes a minute."""
        path = self.command.home / f"{name}.mp4"
        shutil.copy(self.sample, path)
        if captions:
            self.give_captions(name)
        return self.submit(path)

    def give_captions(self, name: str) -> None:
        """Add captions, so that the next attempt is quick."""
        shutil.copy(self.sample.with_suffix(".vtt"), self.command.home / f"{name}.vtt")

    def submit(self, *paths: Path) -> str:
        done = self.command("submit", *paths)
        assert done.code == 0, done.err
        return done.out.strip()

    def row(self, video_id: str) -> VideoRow:
        return videos.get(self.store, video_id)

    def results_of(self, video_id: str) -> int:
        """Return how many results this video has had so far."""
        now = results.get_result(self.store, video_id) is not None
        return now + count_replaced_results(self.store, video_id)

    def wait_until(self, condition: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what}; {self.command.rows()}"
            assert self.process is not None
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(POLL_SECONDS)

    def wait_for(self, video_id: str, status: str) -> VideoRow:
        self.wait_until(lambda: self.row(video_id).status == status, f"{video_id} is not {status}")
        return self.row(video_id)

    def wait_for_assets(self, video_id: str, count: int) -> str:
        """Wait until its run has stored this many assets; 3 are all before the transcript."""

        def reached() -> bool:
            run = self.row(video_id).job_id
            return bool(run) and len(stored_assets(self.store, [run])[run]) >= count

        self.wait_until(reached, f"{video_id} does not come to asset {count}")
        return str(self.row(video_id).job_id)

    def ask_dagit(self, query: str, **variables: object) -> Any:
        answer = httpx.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60
        )
        return answer.raise_for_status().json()["data"]

    def worker_of(self, run_id: str) -> psutil.Process:
        """Return the process that works on a run, according to its lease."""
        [worker] = [one.worker for one in leases.all_leases(self.store) if one.job_id == run_id]
        return psutil.Process(int(worker.split(":")[1]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

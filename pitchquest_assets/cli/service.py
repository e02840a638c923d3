"""`pitchquest up`: the database, a code server, Dagit and the daemon, watched until Ctrl-C.

Each runs in its own process and session, so Ctrl-C reaches only this process, which then stops the
others in order. A process that ends unasked is restarted.
"""

import json
import os
import signal
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
from filelock import FileLock, Timeout

from pitchquest_assets.automation.left_behind import give_back_all
from pitchquest_assets.automation.warm_launcher import SOCKET_VARIABLE, WarmRunLauncher
from pitchquest_assets.cli.address import NO_LOGIN, Address
from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.cli.programs import STOP_TIMEOUT_SECONDS, Service, preload
from pitchquest_assets.cli.wakes import Listener, request_runs
from pitchquest_assets.distributed.readiness import check_machines, lacking_places
from pitchquest_assets.errors import PitchQuestError, StoreUnavailable
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.home import make_home
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.rows import run_workers
from pitchquest_assets.store.store import open_store
from pitchquest_assets.worker import is_running, name_of, this_worker

Say = Callable[[str], None]

WATCH_SECONDS = 1.0
POLL_SECONDS = 0.2
DATABASE_CHECK_SECONDS = 5.0
START_TIMEOUT_SECONDS = 120.0
LOCATION = "pitchquest_assets"


class AlreadyUp(PitchQuestError):
    """Another `up` is running under the same PITCHQUEST_HOME."""


def up(settings: Settings, address: Address, say: Say) -> None:
    """Run everything until KeyboardInterrupt.

    Raises:
        AlreadyUp: another one is running under this home; the message says where.
        SettingsError: the address may not be used, or the settings do not fit several machines.
        StoreUnavailable: the database or Dagit does not start.
    """
    if settings.broker_url is not None:
        check_machines(settings)
    home = settings.home_path
    make_home(home)
    state = _state_file(home)
    try:
        with FileLock(home / "up.lock", timeout=0):
            _end_leftovers(state)
            address.check()
            _run(settings, address, state, say)
    except Timeout as error:
        where = _read(state).get("url", "another terminal")
        raise AlreadyUp(f"PitchQuest runs here already: {where}") from error


def stop_running(home: Path) -> bool:
    """Stop an `up` that runs under this home, as Ctrl-C would; return whether there was one."""
    worker = _read(_state_file(home)).get("up", "")
    if not is_running(worker):
        return False
    process = psutil.Process(int(worker.split(":")[1]))
    process.terminate()
    process.wait(6 * STOP_TIMEOUT_SECONDS)
    return True


def _run(settings: Settings, address: Address, state: Path, say: Say) -> None:
    store = open_store(settings)
    store.check_storage()
    instance = open_instance(settings)
    listener = Listener(settings)
    preload()
    url = address.url

    def wake() -> None:
        request_runs(store, instance, settings, url, LOCATION)

    with tempfile.TemporaryDirectory(prefix="pitchquest-up-") as folder:
        services = _services(settings.home_path / "logs", Path(folder), address)
        if isinstance(instance.run_launcher, WarmRunLauncher):
            services.insert(1, _warm_parent(settings.home_path / "logs", Path(folder)))
        try:
            for service in services:
                service.log.unlink(missing_ok=True)
                service.start()
                _write(state, url, services)
                _wait_until(service.answers, services)
            if address.is_open:
                say(f"{NO_LOGIN}, and {address.host} is open to other machines (--insecure).")
            say(f"PitchQuest is up: {url} (Ctrl-C stops it; logs in {services[0].log.parent})")
            if settings.broker_url is not None:
                sentence = lacking_places(settings, run_workers.living(store))
                say(sentence or "The workers have a place for every run.")
            _watch(settings, services, listener, wake, lambda: _write(state, url, services), say)
        except KeyboardInterrupt:
            _ignore_further_signals()
            say("Stopping ...")
        finally:
            _ignore_further_signals()
            for service in reversed(services):
                service.stop()
            state.unlink(missing_ok=True)
    for video_id in give_back_all(instance, store):
        say(f"{video_id} was being analysed and waits for the next start.")


def _ignore_further_signals() -> None:
    """A second Ctrl-C or polite kill must not leave half of it running."""
    for polite in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, signal.SIG_IGN)


def _services(logs: Path, folder: Path, address: Address) -> list[Service]:
    logs.mkdir(parents=True, exist_ok=True)
    code = folder / "code"
    workspace = folder / "workspace.yaml"
    server = {"grpc_server": {"socket": str(code), "location_name": LOCATION}}
    workspace.write_text(json.dumps({"load_from": [server]}))
    module = ["-m", "pitchquest_assets.definitions", "--location-name", LOCATION]
    programs = {
        "code-server": ["dagster", "api", "grpc", "--socket", str(code), *module],
        "webserver": [
            *("pitchquest_assets.cli.webserver", address.allowed_hosts(), "-w", str(workspace)),
            *("-h", address.host, "-p", str(address.port)),
        ],
        "daemon": ["dagster._daemon", "run", "--log-level", "warning", "-w", str(workspace)],
    }
    answers = {
        "code-server": code.exists,
        "webserver": lambda: _is_served(f"{address.url}/server_info"),
        "daemon": lambda: True,
    }
    return [
        Service(name, command, logs / f"{name}.log", answers[name])
        for name, command in programs.items()
    ]


def _warm_parent(logs: Path, folder: Path) -> Service:
    socket = folder / "runs"
    os.environ[SOCKET_VARIABLE] = str(socket)
    command = ["pitchquest_assets.cli.warm_parent", str(socket)]
    return Service("runs", command, logs / "runs.log", socket.exists)


def _watch(
    settings: Settings,
    services: list[Service],
    listener: Listener,
    wake: Callable[[], None],
    restarted: Callable[[], None],
    say: Say,
) -> None:
    """Restart whatever has ended, including the database, until interrupted."""
    next_check = time.monotonic()
    while True:
        if listener.wait(WATCH_SECONDS):
            try:
                wake()
            except Exception:  # noqa: BLE001  # the sensor requests what this did not
                traceback.print_exc()
        for service in services:
            if service.has_ended():
                say(f"The {service.name} has ended and is restarted (see {service.log}).")
                service.start()
                restarted()
        # An open connection is a cheaper sign that the server is running.
        is_unsure = settings.database_url is None and not listener.is_connected
        if is_unsure and time.monotonic() >= next_check:
            try:
                embedded.start(settings.home_path)
            except StoreUnavailable as error:
                say(str(error))
            next_check = time.monotonic() + DATABASE_CHECK_SECONDS


def _wait_until(answers: Callable[[], bool], services: list[Service]) -> None:
    """Wait until the newest service answers; all of them must keep running."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not answers():
        for service in services:
            if not service.is_running and service.process is not None:
                raise StoreUnavailable(f"The {service.name} does not start: see {service.log}.")
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"Dagster does not start: see {services[0].log.parent}.")
        time.sleep(POLL_SECONDS)


def _is_served(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def _end_leftovers(state: Path) -> None:
    """End what a killed `up` has left running."""
    for worker in _read(state).get("services", []):
        if is_running(worker):
            process = psutil.Process(int(worker.split(":")[1]))
            process.send_signal(signal.SIGINT)
            if psutil.wait_procs([process], STOP_TIMEOUT_SECONDS)[1]:
                process.kill()


def _state_file(home: Path) -> Path:
    return home / "up.json"


def _write(state: Path, url: str, services: list[Service]) -> None:
    names = [name_of(pid) for one in services if one.process and (pid := one.process.pid)]
    fresh = state.with_suffix(".new")
    fresh.write_text(json.dumps({"url": url, "up": this_worker(), "services": names}))
    fresh.replace(state)


def _read(state: Path) -> dict[str, Any]:
    try:
        state_of: dict[str, Any] = json.loads(state.read_text())
    except FileNotFoundError:
        return {}
    return state_of

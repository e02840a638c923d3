"""Fixtures that every test may use."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from sqlalchemy import text

from pitchquest_assets.automation.dagster_pruning import event_storage
from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets_tests.support import vendors
from pitchquest_assets_tests.support.homes import temporary_home
from pitchquest_assets_tests.support.places import SHARED
from pitchquest_assets_tests.support.real_weights import fetch_real
from pitchquest_assets_tests.support.vendors import FakeVendor

VENDOR_VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL")


@pytest.fixture(autouse=True)
def _no_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever calls a real vendor, or fetches weights in passing, whatever .env holds."""
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    for name in VENDOR_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PITCHQUEST_DOWNLOADS", "off")


@pytest.fixture(scope="session")
def _gemini_server() -> Iterator[FakeVendor]:
    with vendors.fake_gemini() as served:  # stopping one takes half a second
        yield served


@pytest.fixture(scope="session")
def _openai_server() -> Iterator[FakeVendor]:
    with vendors.fake_openai() as served:
        yield served


@pytest.fixture
def gemini(_gemini_server: FakeVendor) -> FakeVendor:
    """A Gemini that has not been asked anything yet; no variable leads to it."""
    _gemini_server.reset()
    return _gemini_server


@pytest.fixture
def openai(_openai_server: FakeVendor) -> FakeVendor:
    """An OpenAI that has not been asked anything yet; no variable leads to it."""
    _openai_server.reset()
    return _openai_server


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real test videos; skips where it is missing, fails there when CI=true."""
    return _shared("media")


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder with the YuNet model; skips where it is missing, fails there when CI=true."""
    return _shared("models")


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of inputs that once failed; skips where it is missing, fails when CI=true."""
    return _shared("cases")


@pytest.fixture(scope="session")
def tiny_en() -> Path:
    """A models folder with real Whisper weights, fetched once into a cache outside the clone.

    Skips where they are not available, fails there when CI=true.
    """
    return _really("whisper-tiny.en")


@pytest.fixture(scope="session")
def minilm() -> Path:
    """A models folder with the weights that give sentences their meaning, like `tiny_en`."""
    return _really("minilm")


def _really(name: str) -> Path:
    try:
        return fetch_real(name)
    except EngineUnavailable as error:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(error))


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A PITCHQUEST_HOME for the session; its database runs from first use to the end."""
    with temporary_home() as folder:
        yield folder


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A PITCHQUEST_HOME of the test's own: a database started under it takes a second."""
    with temporary_home() as folder:
        yield folder


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store under `home`, emptied, and the environment that leads to it."""
    shutil.rmtree(home / "scratch", ignore_errors=True)  # of tests that killed a run
    monkeypatch.setenv("PITCHQUEST_HOME", str(home))
    for name in ("SUPABASE_URL", "SUPABASE_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "")  # not deleted: the .env file would count then
    opened = open_store(load_settings())
    statement = text(
        "truncate videos, analysis_results, analysis_results_history,"
        " monitoring_metrics, asset_values, alerts, vendor_answers, worker_leases,"
        " pitchquest.erasures, webhook_events, run_workers"
        " restart identity"
    )
    # Retried because an earlier test may have restarted the server under a kept connection.
    opened.transaction(lambda connection: connection.execute(statement))
    return opened


@pytest.fixture
def instance(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance in the embedded database, without runs, checks and partition keys."""
    for name in ("DAGSTER_HOME", "DAGSTER_POSTGRES_URL", "PITCHQUEST_MAX_CONCURRENT_RUNS"):
        monkeypatch.setenv(name, "1")  # so that what open_instance sets is undone
        monkeypatch.delenv(name)
    with open_instance(load_settings()) as opened:
        for run in opened.get_runs():
            opened.delete_run(run.run_id)
        with event_storage(opened).index_connection() as connection:
            connection.execute(sa.text("truncate dynamic_partitions, asset_check_executions"))
        yield opened


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        reason = f"{folder} is missing: it is not part of the public repository"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return folder

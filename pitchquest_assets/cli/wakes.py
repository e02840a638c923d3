"""Requests a run as soon as a video waits: `up` listens to the database.

The sensor `new_uploads` remains in charge. It leaves the youngest uploads to this module, which
requests their runs under the same run keys; whatever this module misses, the sensor finds.
"""

import os
import time
from contextlib import suppress
from datetime import UTC, datetime

import dagster as dg
import httpx
import psycopg

from pitchquest_assets.automation.jobs import analyze_pitch
from pitchquest_assets.automation.upload_sensors import (
    LISTENING_VARIABLE,
    new_uploads,
    requests_for_waiting,
)
from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.partitions import PARTITION_TAG
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.store import Store

CHANNEL = "pitchquest_uploads"
CONNECT_TIMEOUT_SECONDS = 5
LAUNCH_TIMEOUT_SECONDS = 30
RETRY_SECONDS = 15.0
# Half of what the sensor leaves alone, so that they never request the same run at the same moment.
YOUNG_SECONDS = 5.0
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on PythonError { message } }
}
"""


class Listener:
    """The connection over which the database announces uploads; reopened when it is lost."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: psycopg.Connection | None = None
        self._next_try = 0.0
        self._connect()
        if self._connection is not None:
            os.environ[LISTENING_VARIABLE] = "on"

    @property
    def is_connected(self) -> bool:
        """Whether the connection was open at the last check."""
        return self._connection is not None

    def wait(self, seconds: float) -> bool:
        """Wait this long at most; return whether an upload was announced."""
        if self._connection is None and time.monotonic() >= self._next_try:
            self._connect()
            return self._connection is not None  # some may have been announced meanwhile
        try:
            if self._connection is not None:
                return any(self._connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            self._connection = None
        time.sleep(seconds)
        return False

    def _connect(self) -> None:
        self._next_try = time.monotonic() + RETRY_SECONDS
        given = self._settings.database_url
        with suppress(psycopg.Error, StoreUnavailable):
            url = given.get_secret_value() if given else embedded.start(self._settings.home_path)
            connection = psycopg.connect(
                url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS
            )
            connection.execute(f"listen {CHANNEL}")
            self._connection = connection


def request_runs(
    store: Store, instance: dg.DagsterInstance, settings: Settings, url: str, location: str
) -> int:
    """Request a run for each upload that has just come, unless it has one; return how many.

    Args:
        url: where Dagit is.
        location: the name of the code location.

    Raises:
        StoreUnavailable: the database does not answer.
        httpx.HTTPError: Dagit does not answer.
    """

    def is_young(since: datetime) -> bool:
        return (datetime.now(UTC) - since).total_seconds() < YOUNG_SECONDS

    requested = 0
    for row, request in requests_for_waiting(store, instance, settings, is_young):
        tags = {
            **request.tags,
            PARTITION_TAG: row.video_id,
            "dagster/run_key": str(request.run_key),
            "dagster/sensor_name": new_uploads.name,
        }
        known = dg.RunsFilter(tags={"dagster/run_key": str(request.run_key)})
        if not is_young(row.updated_at) or instance.get_runs(known, limit=1):
            continue
        _launch(url, location, dict(request.run_config or {}), tags)
        requested += 1
    return requested


def _launch(url: str, location: str, run_config: object, tags: dict[str, str]) -> None:
    params = {
        "selector": {
            "repositoryLocationName": location,
            "repositoryName": "__repository__",
            "jobName": analyze_pitch.name,
        },
        "runConfigData": run_config,
        "executionMetadata": {"tags": [{"key": key, "value": tags[key]} for key in tags]},
    }
    query = {"query": LAUNCH, "variables": {"params": params}}
    answer = httpx.post(f"{url}/graphql", json=query, timeout=LAUNCH_TIMEOUT_SECONDS)
    answer.raise_for_status()

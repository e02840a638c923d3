"""Fixtures of the tests of what runs by itself."""

from collections.abc import Iterator

import dagster as dg
import pytest
import sqlalchemy as sa

from pitchquest_assets.automation.event_log import event_storage
from pitchquest_assets.automation.instance import open_instance
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store import Store


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

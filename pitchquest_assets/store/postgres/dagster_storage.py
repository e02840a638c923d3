"""Dagster's own storage: a database beside ours, found without anybody naming it."""

import os
from typing import Any

from dagster_postgres import DagsterPostgresStorage

from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres.embedded import dagster_url


class PitchQuestStorage(DagsterPostgresStorage):
    """Runs, events and schedules at DAGSTER_POSTGRES_URL, by default in the embedded PostgreSQL.

    Named in dagster.yaml under `storage: custom`, so that plain `dagster` commands work as they
    are: a value of the form `env: DAGSTER_POSTGRES_URL` would fail where the variable is not set.
    """

    @classmethod
    def config_type(cls) -> Any:
        """Nothing is configured in dagster.yaml."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PitchQuestStorage":
        """The storage; starts the embedded database if need be.

        Raises:
            StoreUnavailable: the embedded database cannot be started.
        """
        url = os.environ.get("DAGSTER_POSTGRES_URL") or dagster_url(load_settings().home_path)
        return cls(url, inst_data=inst_data)

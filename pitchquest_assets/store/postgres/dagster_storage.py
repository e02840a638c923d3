"""Dagster's own storage: a database beside ours, found without any setting."""

import os
from typing import Any

from dagster_postgres import DagsterPostgresStorage

from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres.embedded import dagster_url


class PitchQuestStorage(DagsterPostgresStorage):
    """Runs, events and schedules at DAGSTER_POSTGRES_URL, by default in the embedded PostgreSQL.

    dagster.yaml names this class under `storage: custom`, so that plain `dagster` commands work
    with nothing set; `env: DAGSTER_POSTGRES_URL` would fail without the variable.
    """

    @classmethod
    def config_type(cls) -> Any:
        """Return an empty schema: dagster.yaml configures nothing here."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PitchQuestStorage":
        """Return the storage; starts the embedded database if it is needed.

        Raises:
            StoreUnavailable: the embedded database cannot be started.
        """
        url = os.environ.get("DAGSTER_POSTGRES_URL") or dagster_url(load_settings().home_path)
        return cls(url, inst_data=inst_data)

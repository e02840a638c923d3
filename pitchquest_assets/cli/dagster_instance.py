"""The Dagster instance: runs, events and partitions, in a database beside ours."""

import os
from importlib.resources import files
from typing import Any

import dagster as dg
import yaml
from dagster_postgres.utils import DagsterPostgresException

from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.home import make_home
from pitchquest_assets.store.postgres.embedded import dagster_url

# A run may wait for a free worker as long as necessary; the run monitor fails with 0 (no limit).
LONGEST_WAIT_SECONDS = 30 * 24 * 3600


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance in DAGSTER_HOME, or the one under PITCHQUEST_HOME if that is not set.

    Raises:
        StoreUnavailable: the embedded database cannot be started, or Dagster's own database is
            missing or does not answer.
    """
    os.environ.update(point_to_instance(settings))
    try:
        return dg.DagsterInstance.get()
    except DagsterPostgresException as error:
        cause = str(getattr(error.__cause__, "orig", error)).strip().splitlines()[-1]
        raise StoreUnavailable(
            f"Dagster's own database does not answer ({cause}): check DAGSTER_POSTGRES_URL."
        ) from error


def point_to_instance(settings: Settings) -> dict[str, str]:
    """Return the variables that lead Dagster's commands to this instance; creates its folder."""
    home = settings.home_path / "dagster"
    if "DAGSTER_HOME" not in os.environ:
        make_home(settings.home_path)
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text(yaml.safe_dump(instance_config(settings)))
    if settings.broker_url is not None:
        # dagster.yaml names the variable, which may have come from .env.
        os.environ["PITCHQUEST_BROKER_URL"] = settings.broker_url.get_secret_value()
    url = os.environ.get("DAGSTER_POSTGRES_URL") or dagster_url(settings.home_path)
    return {
        "DAGSTER_HOME": os.environ.get("DAGSTER_HOME", str(home)),
        "DAGSTER_POSTGRES_URL": url,
    }


def instance_config(settings: Settings) -> dict[str, Any]:
    """Return what dagster.yaml says for these settings; the shipped one is for one machine."""
    shipped = (files("pitchquest_assets") / "dagster.yaml").read_text()
    config: dict[str, Any] = yaml.safe_load(shipped)
    config["run_queue"]["max_concurrent_runs"] = settings.max_concurrent_runs
    if settings.broker_url is not None:
        config["run_launcher"] = {
            "module": "pitchquest_assets.distributed.launcher",
            "class": "CeleryLauncher",
            "config": {"broker": {"env": "PITCHQUEST_BROKER_URL"}, "default_queue": "cpu"},
        }
        config["run_monitoring"]["start_timeout_seconds"] = LONGEST_WAIT_SECONDS
    return config

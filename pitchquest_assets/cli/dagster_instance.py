"""The Dagster instance: runs, events and partitions, in a database beside ours."""

import os
from importlib.resources import files

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException

from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.home import make_home
from pitchquest_assets.store.postgres.embedded import dagster_url


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance of DAGSTER_HOME, or without that variable the one under PITCHQUEST_HOME.

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
    """Return the variables by which Dagster's commands find this instance; creates its folder."""
    home = settings.home_path / "dagster"
    if "DAGSTER_HOME" not in os.environ:
        make_home(settings.home_path)
        home.mkdir(exist_ok=True)
        shipped = (files("pitchquest_assets") / "dagster.yaml").read_text()
        limit = f"max_concurrent_runs: {settings.max_concurrent_runs}"
        (home / "dagster.yaml").write_text(shipped.replace("max_concurrent_runs: 3", limit))
    url = os.environ.get("DAGSTER_POSTGRES_URL") or dagster_url(settings.home_path)
    return {
        "DAGSTER_HOME": os.environ.get("DAGSTER_HOME", str(home)),
        "DAGSTER_POSTGRES_URL": url,
    }

"""The Dagster instance: runs, events and partitions, in a database beside ours."""

import os
import shutil
from importlib.resources import files

import dagster as dg

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.embedded import dagster_url


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME; without that variable, the one under PITCHQUEST_HOME.

    Raises:
        StoreUnavailable: the embedded database cannot be started.
    """
    if "DAGSTER_POSTGRES_URL" not in os.environ:
        os.environ["DAGSTER_POSTGRES_URL"] = dagster_url(settings.home_path)
    if "DAGSTER_HOME" not in os.environ:
        home = settings.home_path / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(files("pitchquest_assets") / "dagster.yaml"), home / "dagster.yaml")
        os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()

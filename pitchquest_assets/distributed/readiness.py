"""Whether the settings fit several machines: each must reach what the others store."""

import os
from collections.abc import Sequence
from importlib.util import find_spec

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows.run_workers import RunWorker

DAGSTER_URL = "DAGSTER_POSTGRES_URL"


def check_machines(settings: Settings) -> None:
    """Check that nothing is stored where only this machine can reach it.

    Raises:
        SettingsError: the embedded database, a socket or a folder would be used, or Celery is not
            installed.
    """
    urls = {
        "DATABASE_URL": settings.database_url and settings.database_url.get_secret_value(),
        DAGSTER_URL: os.environ.get(DAGSTER_URL),
        "PITCHQUEST_BROKER_URL": settings.broker_url and settings.broker_url.get_secret_value(),
    }
    others = {"SUPABASE_URL": settings.supabase_url, "SUPABASE_KEY": settings.supabase_key}
    missing = [name for name, value in (urls | others).items() if not value]
    if missing:
        raise SettingsError(
            f"Set {', '.join(missing)} too: several machines cannot share the embedded database, "
            "nor a folder of one of them."
        )
    for name, url in urls.items():
        if url and not _has_host(url):
            raise SettingsError(
                f"{name} leads to a socket of this machine: name the host and port by which every "
                "machine can reach it."
            )
    if find_spec("dagster_celery") is None:
        raise SettingsError(
            "Celery is not installed: `pip install 'pitchquest-assets[celery]'` on each machine."
        )


def lacking_places(settings: Settings, workers: Sequence[RunWorker]) -> str | None:
    """Return a sentence if more runs are started at a time than the workers have slots for."""
    places = sum(worker.slots for worker in workers)
    if not places:
        return "No `pitchquest worker` runs yet: uploads wait until one does."
    if settings.max_concurrent_runs <= places:
        return None
    return (
        f"PITCHQUEST_MAX_CONCURRENT_RUNS is {settings.max_concurrent_runs}, and the workers have "
        f"{places} places: lower it, or start more workers, as Redis knows neither turns nor "
        "priorities."
    )


def _has_host(url: str) -> bool:
    """Whether a URL has a host; one that cannot be parsed is left to those who use it."""
    try:
        parsed = make_url(url)
    except (ValueError, ArgumentError):
        return True
    return bool(parsed.host) and "host" not in parsed.query

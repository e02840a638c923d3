"""The settings in force as environment variables."""

from pydantic import SecretStr
from sqlalchemy import make_url

from pitchquest_assets.cli.dagster_instance import point_to_instance
from pitchquest_assets.settings import Settings, variables
from pitchquest_assets.store.postgres.embedded import start
from pitchquest_assets.store.store import open_store

MASK = "********"
DAGSTERS_DATABASE = "DAGSTER_POSTGRES_URL"


def database_url(settings: Settings) -> str:
    """Return the URL of the database in force, for psql or a client; starts and migrates it."""
    open_store(settings)
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return start(settings.home_path)


def in_force(settings: Settings) -> dict[str, str]:
    """Return every setting that has a value, by its variable's name; secrets are masked."""
    values: dict[str, str] = {}
    for variable, name in variables().items():
        value = getattr(settings, name)
        if value is not None:
            values[variable] = MASK if isinstance(value, SecretStr) else str(value)
    values["PITCHQUEST_HOME"] = str(settings.home_path)
    values["PITCHQUEST_MODELS"] = str(settings.models_path)
    values |= point_to_instance(settings)
    if make_url(values[DAGSTERS_DATABASE]).password:
        values[DAGSTERS_DATABASE] = MASK
    return values

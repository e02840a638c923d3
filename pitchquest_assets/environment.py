"""The settings in force as environment variables."""

import shlex

from pydantic import SecretStr

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.embedded import dagster_url, start

MASK = "********"


def in_force(settings: Settings, *, reveal_database: bool = False) -> dict[str, str]:
    """Every setting by its variable's name, quoted for a shell; secrets are masked.

    Without DATABASE_URL the embedded database is started and its URL shown; it holds no secret.

    Args:
        reveal_database: show a DATABASE_URL that was set, with its password.
    """
    values: dict[str, str] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        variable = str(field.validation_alias or f"PITCHQUEST_{name.upper()}")
        if isinstance(value, SecretStr):
            shown = reveal_database and variable == "DATABASE_URL"
            value = value.get_secret_value() if shown else MASK
        if value is not None:
            values[variable] = str(value)
    values["PITCHQUEST_HOME"] = str(settings.home_path)
    values["PITCHQUEST_MODELS"] = str(settings.models_path)
    if "DATABASE_URL" not in values:
        values["DATABASE_URL"] = start(settings.home_path)
        values["DAGSTER_POSTGRES_URL"] = dagster_url(settings.home_path)
    return {name: shlex.quote(value) for name, value in values.items()}

"""The settings as Dagster resources: visible in Dagit, replaceable in tests, set for one run."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Any, Self, get_args, get_origin

import dagster as dg
from pydantic import Field, SecretStr, create_model
from pydantic.fields import FieldInfo

from pitchquest_assets.model import Options
from pitchquest_assets.settings import Settings, variables

OPTIONS = tuple(Options.model_fields)
"""The settings that can be chosen for one run."""


def config_fields(defaults: Mapping[str, object]) -> dict[str, Any]:
    """Return the settings named in `defaults` as fields of a Dagster config, for `create_model`."""
    return {
        name: (_config_type(field), Field(defaults[name], description=field.description))
        for name, field in Settings.model_fields.items()
        if name in defaults
    }


def _config_type(field: FieldInfo) -> Any:
    """The type of a setting; paths and secrets become text, as Dagster's config has neither."""
    if get_origin(field.annotation) is UnionType:
        kinds = [one for one in get_args(field.annotation) if one is not type(None)]
        return (str if kinds[0] in (Path, SecretStr) else kinds[0]) | None
    return str if field.annotation is Path else field.annotation


_DEFAULTS = {
    name: str(field.default) if field.annotation is Path else field.default
    for name, field in Settings.model_fields.items()
}
_SettingsFields = create_model(
    "_SettingsFields", __base__=dg.ConfigurableResource, **config_fields(_DEFAULTS)
)
_OptionsFields = create_model(
    "_OptionsFields",
    __base__=dg.ConfigurableResource,
    **config_fields({name: _DEFAULTS[name] for name in OPTIONS}),
)


class SettingsResource(_SettingsFields):
    """Every setting as a field; a secret is given by the name of its environment variable."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the resource that holds these settings."""
        return cls(
            **{name: _as_field(settings, name, variable) for variable, name in variables().items()}
        )

    @cached_property
    def _in_force(self) -> Settings:
        return Settings.of({name: getattr(self, name) for name in Settings.model_fields})

    def in_force(self) -> Settings:
        """Return the settings in the form that the store and the engines take.

        Raises:
            SettingsError: a field has a value that is not allowed; the message names its variable.
        """
        return self._in_force


class FixedSettings:
    """The settings as other resources hold them.

    Dagster makes each `SettingsResource` anew for every resource that holds one, several times a
    run, and the time for that grows with the square of its fields.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def in_force(self) -> Settings:
        """Return the settings, as the store and the engines take them."""
        return self._settings


class OptionsResource(_OptionsFields):
    """The options of one run, which replace settings: one block in Dagit's launchpad."""

    settings: dg.ResourceDependency[FixedSettings]

    @classmethod
    def of(cls, settings: Settings) -> Any:
        """Return the resource that a run configures, with these settings as its defaults.

        It is a class of its own, so that choosing one option keeps the defaults of the others, and
        is configured at launch, so that the resources that hold it see the choice as well.
        """
        fields = config_fields({name: getattr(settings, name) for name in OPTIONS})
        return create_model("OptionsResource", __base__=cls, **fields).configure_at_launch(
            settings=FixedSettings(settings)
        )

    @cached_property
    def _in_force(self) -> Settings:
        chosen = {name: getattr(self, name) for name in OPTIONS}
        settings = self.settings.in_force()
        usual = {name: getattr(settings, name) for name in Settings.model_fields}
        return settings if chosen.items() <= usual.items() else Settings.of(usual | chosen)

    def in_force(self) -> Settings:
        """Return the settings for this run.

        Raises:
            SettingsError: an option has a value that is not allowed; the message names it.
        """
        return self._in_force

    def chosen(self) -> Options:
        """Return the options alone, as the result stores them."""
        return Options(**{name: getattr(self.in_force(), name) for name in OPTIONS})

    def tags(self) -> dict[str, str]:
        """Return the options that differ from the settings, as tags of the run."""
        usual = self.settings.in_force()
        return {
            f"option/{name}": str(value)
            for name, value in self.chosen().model_dump().items()
            if value != getattr(usual, name)
        }


def run_config_of(options: Mapping[str, object]) -> dict[str, Any]:
    """Return the run config that chooses these options and leaves the others to the settings."""
    return {"resources": {"options": {"config": dict(options)}}} if options else {}


def _as_field(settings: Settings, name: str, variable: str) -> Any:
    value = getattr(settings, name)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, SecretStr):
        # Dagit shows the name of the variable, never the secret, even if it is in .env.
        os.environ[variable] = value.get_secret_value()
        return dg.EnvVar(variable)
    return value

"""The store as a Dagster resource."""

from typing import Self

import dagster as dg

from pitchquest_assets.resources import FixedSettings
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.store import Store, open_store


class StoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The database and the objects; a subclass with another `store` replaces them everywhere."""

    settings: dg.ResourceDependency[FixedSettings]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the resource that opens the store of these settings."""
        return cls(settings=FixedSettings(settings))

    def store(self) -> Store:
        """Return the store of this process, opened at the first call; raises like `open_store`."""
        return open_store(self.settings.in_force())

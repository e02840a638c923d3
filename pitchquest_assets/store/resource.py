"""The store as a Dagster resource."""

import dagster as dg

from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.store import Store, open_store


class StoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The store as a Dagster resource; its settings come from the environment at first use."""

    def store(self) -> Store:
        """The store of this process, opened at the first call."""
        return open_store(load_settings())

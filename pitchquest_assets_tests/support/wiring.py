"""The project's Dagster objects under the settings of the test."""

from typing import Any

import dagster as dg

from pitchquest_assets.definitions import definitions_of
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.resource import StoreResource


def store_resource() -> StoreResource:
    """Return the store as sensors, assets and the IO manager get it."""
    return StoreResource.of(load_settings())


def job(name: str) -> dg.JobDefinition:
    """A job of the project."""
    return definitions_of(load_settings()).resolve_job_def(name)


def evaluate(
    sensor: dg.SensorDefinition,
    instance: dg.DagsterInstance | None = None,
    cursor: str | None = None,
) -> Any:
    """Return the result of one evaluation of the sensor."""
    with dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"store": store_resource()}
    ) as context:
        return sensor(context)

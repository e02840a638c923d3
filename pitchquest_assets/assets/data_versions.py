"""What Dagster compares to tell whether a value is stale: a hash of the values it was made from."""

import hashlib
import json
import warnings
from typing import Any

import dagster as dg
from pydantic_core import to_jsonable_python

from pitchquest_assets.model import BlobValue, Value

# They differ between two runs that came to the same value.
OF_THE_RUN = {"job_id", "timestamp", "processing_time_seconds", "runs", "cost_usd", "costs"}


def versioned_output(value: Value, code_version: str) -> dg.Output[Value]:
    """The value with its data version, as Dagster stores it."""
    with warnings.catch_warnings():
        # Data versions are in beta in Dagster 1.13.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.Output(value, data_version=data_version_of(value, code_version))


def data_version_of(value: Value, code_version: str) -> dg.DataVersion:
    """SHA-256 over the code's version and all of the value that does not depend on its run.

    The values name their engines, models, prompts and rubrics, so these are part of it.
    """
    content = json.dumps([code_version, _lasting(to_jsonable_python(value))], sort_keys=True)
    digest = hashlib.sha256(content.encode())
    if isinstance(value, BlobValue):
        digest.update(value.payload)
    return dg.DataVersion(digest.hexdigest())


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(one) for name, one in value.items() if name not in OF_THE_RUN}
    return [_lasting(one) for one in value] if isinstance(value, list) else value

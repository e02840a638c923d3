"""Data versions, which Dagster compares to see whether a value is stale: hashes of values."""

import hashlib
import json
import warnings
from typing import Any

import dagster as dg
from pydantic_core import to_jsonable_python

from pitchquest_assets.model import BlobValue, Value

# These differ between two runs that produce the same value.
OF_THE_RUN = {"job_id", "timestamp", "processing_time_seconds", "runs", "cost_usd", "costs"}


def versioned_output(value: Value, code_version: str) -> dg.Output[Value]:
    """Return the value with its data version, as Dagster stores it."""
    with warnings.catch_warnings():
        # Data versions are in beta in Dagster 1.13.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.Output(value, data_version=data_version_of(value, code_version))


def data_version_of(value: Value, code_version: str) -> dg.DataVersion:
    """Return a SHA-256 over the code version and whatever in the value does not depend on its run.

    Values name their engines, models, prompts and rubrics, so the hash covers these too.
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

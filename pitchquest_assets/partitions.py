"""The only place where a PartitionsDefinition is built."""

import dagster as dg

videos_partitions = dg.DynamicPartitionsDefinition(name="videos")

PARTITION_TAG = "dagster/partition"
"""The tag by which Dagster itself says which video a run is for."""
ATTEMPT_TAG = "attempt"
"""The tag of a run that says which attempt of its video it was started for."""
CLAIMED_TAG = "claimed_by"
"""The tag by which a run that a person has started remembers that it took its video: its own id."""

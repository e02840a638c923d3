"""The only place where a PartitionsDefinition is built."""

import dagster as dg

videos_partitions = dg.DynamicPartitionsDefinition(name="videos")

PARTITION_TAG = "dagster/partition"
"""Dagster's own tag for the partition of a run, which is the id of its video."""
ATTEMPT_TAG = "attempt"
"""The tag with the attempt of the video that a run was started for."""
CLAIMED_TAG = "claimed_by"
"""The tag by which a run that a person started records that it took its video: the run's id."""

"""The only place where a PartitionsDefinition is built."""

import dagster as dg

videos_partitions = dg.DynamicPartitionsDefinition(name="videos")

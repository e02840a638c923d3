"""What Dagster triggers on its own: sensors, schedules, jobs, and what they clean up.

Only `definitions` and `cli` import from here; imports no asset.
"""

"""What Dagster triggers by itself: sensors, schedules, jobs and what they clean up.

Only `definitions` and `cli` import from here.
"""

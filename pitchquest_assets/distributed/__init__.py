"""Runs on several machines: sends each as a Celery task to the `pitchquest worker` of any of them.

Only `cli` and dagster.yaml name what is here; needs the extra `celery`, except for `readiness`.
"""

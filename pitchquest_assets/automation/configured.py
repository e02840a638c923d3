"""Which sensors run by default: those that have something to do with these settings."""

import dagster as dg

from pitchquest_assets.settings import load_settings


def running_with(setting: str) -> dg.DefaultSensorStatus:
    """Return RUNNING if the setting has a value, else STOPPED, as each tick costs CPU."""
    is_set = getattr(load_settings(), setting) is not None
    return dg.DefaultSensorStatus.RUNNING if is_set else dg.DefaultSensorStatus.STOPPED

"""Jobs, and later sensors, schedules, checks and alerts."""

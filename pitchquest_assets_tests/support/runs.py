"""Watches runs in other processes with ticks of the sensor `left_behind`."""

import time
from collections.abc import Callable

import dagster as dg

from pitchquest_assets.automation.left_behind import left_behind
from pitchquest_assets_tests.support.wiring import store_resource

DEADLINE_SECONDS = 500
PAUSE_SECONDS = 0.5
NOTHING = "No video is left behind."


class Watch:
    """Ticks of the sensor, far more often than in production, and their messages."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.said: set[str] = set()
        self._cursor: str | None = None

    def look(self) -> None:
        """Tick once, with the cursor of the previous tick."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self._cursor, resources={"store": store_resource()}
        ) as context:
            self.said.add(str(left_behind(context).skip_message))
        self._cursor = context.cursor

    def until(self, condition: Callable[[], object]) -> None:
        """Tick until the condition holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.said
            self.look()
            time.sleep(PAUSE_SECONDS)

    def until_it_ends(self, run_id: str) -> str:
        """Tick until a run has ended; return its status."""

        def has_ended() -> bool:
            run = self.instance.get_run_by_id(run_id)
            return run is not None and run.is_finished

        self.until(has_ended)
        run = self.instance.get_run_by_id(run_id)
        assert run
        return str(run.status.value)

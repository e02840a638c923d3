"""How Celery is set up, the same for those who send runs and those who execute them."""

import socket
from typing import Any

# The task that executes the run whose id is the task's.
EXECUTE_RUN = "pitchquest.execute_run"
# The lease and Dagster's own status say how a run is doing. A result in Redis can expire or be
# flushed while the run is alive, and a backend that was down ends the process that sends runs.
NO_BACKEND = "disabled://"
RUNS_PER_PROCESS = 50
# Longer than any run: a message that is delivered again is ignored, but costs a task.
VISIBILITY_SECONDS = 24 * 3600
# A network that is cut sends no error: without these, a connection over it hangs for a quarter of
# an hour.
KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 25_000}

CELERY_SETTINGS: dict[str, Any] = {
    "task_ignore_result": True,
    # A message stays in Redis until its run has ended, so no worker holds a second one that another
    # could take. A message that comes twice is ignored (`leases.take`).
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    "worker_max_tasks_per_child": RUNS_PER_PROCESS,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_transport_options": {
        "visibility_timeout": VISIBILITY_SECONDS,
        "max_retries": 1,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "socket_keepalive_options": {
            getattr(socket, name): value
            for name, value in KEEPALIVE.items()
            if hasattr(socket, name)  # not every system has them all
        },
    },
}

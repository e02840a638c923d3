"""Dagit for `pitchquest up`: Dagster's web server, which answers only to its own names.

Run as `python -m pitchquest_assets.cli.webserver HOSTS …`, with the hosts that may be asked for,
separated by commas, and the arguments of `dagster-webserver`.
"""

import sys
from collections.abc import Callable

from dagster_webserver import app, cli
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware


class Guarded(DagsterWebserver):  # type: ignore[type-arg]
    """Refuses a page of another site whose name was made to lead here (DNS rebinding)."""

    allowed_hosts: tuple[str, ...] = ()

    def build_middleware(self) -> list[Middleware]:
        """Return Dagster's own, after the check of the host."""
        guard = Middleware(
            TrustedHostMiddleware, allowed_hosts=list(self.allowed_hosts), www_redirect=False
        )
        return [guard, *super().build_middleware()]


def main() -> None:
    """Serve until interrupted."""
    Guarded.allowed_hosts = tuple(sys.argv.pop(1).split(","))
    # Dagster's command has no option for it.
    vars(app)["DagsterWebserver"] = Guarded
    serve: Callable[[], None] = cli.main
    serve()


if __name__ == "__main__":
    main()

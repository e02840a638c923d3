"""Where Dagit is reached, and whether it may be."""

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass

from pitchquest_assets.errors import SettingsError

ANY_HOST = "*"
# Older versions of Starlette cut a host at its first colon; the last two are for them.
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]", "[")
NO_LOGIN = "Dagit has no login: whoever reaches it may start, stop and delete everything"


@dataclass(frozen=True)
class Address:
    """Where Dagit is, and the names under which it may be asked for."""

    host: str
    port: int
    names: tuple[str, ...] = ()
    insecure: bool = False

    @property
    def url(self) -> str:
        """The address in a browser."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it."""
        with suppress(ValueError):
            return not ipaddress.ip_address(self.host).is_loopback
        return self.host != "localhost"

    def allowed_hosts(self) -> str:
        """Return what the web server takes as its first argument."""
        return ANY_HOST if self.is_open else ",".join([*LOOPBACK, self.host, *self.names])

    def check(self) -> None:
        """Make sure that it may be used.

        Raises:
            SettingsError: other machines could reach it, or the port is taken.
        """
        if self.is_open and not self.insecure:
            raise SettingsError(
                f"{NO_LOGIN}, so {self.host} is refused: put a proxy with a login before "
                "127.0.0.1 (and name it by --allow-host), or add --insecure."
            )
        _check_port(self.host, self.port)


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"{host}:{port} cannot be used ({error.strerror}): name another by --port."
            ) from error

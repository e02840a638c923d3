"""One request to the receiver of the webhook: signed, and never to an internal address.

The signature is that of Standard Webhooks (https://www.standardwebhooks.com), version v1.
"""

import base64
import binascii
import hashlib
import hmac
import socket
import time
from collections.abc import Iterable
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Self

import httpcore
import httpx

from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings

CONNECT_TIMEOUT_SECONDS = 5.0
ANSWER_TIMEOUT_SECONDS = 10.0
SECRET_PREFIX = "whsec_"
SECRET_BYTES = (24, 64)
# Addresses that contain an IPv4 address and lead to it, wherever that is.
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))


class InnerAddress(Exception):
    """The receiver's name leads to an internal address."""


class Receiver:
    """The receiver that the settings name; its connections are kept while it is open."""

    def __init__(self, url: str, keys: list[bytes], *, inner_allowed: bool) -> None:
        self.url, self.keys = httpx.URL(url), keys
        self._network = _Network(inner_allowed=inner_allowed)

    @cached_property
    def _pool(self) -> httpcore.ConnectionPool:
        # No proxy: it would resolve the name once more, and perhaps to another address.
        return httpcore.ConnectionPool(
            network_backend=self._network, ssl_context=httpx.create_ssl_context()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if "_pool" in vars(self):  # most ticks send nothing
            self._pool.close()

    @property
    def host(self) -> str:
        """The receiver's name, without what may be secret in its URL."""
        return self.url.host

    def send(self, event_id: str, body: str) -> str | None:
        """Send one event; return why it was not accepted, as a sentence without the URL."""
        timeouts = dict.fromkeys(("read", "write", "pool"), ANSWER_TIMEOUT_SECONDS)
        url = self.url
        try:
            with self._pool.stream(
                "POST",
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=self._headers(event_id, body),
                content=body.encode(),
                extensions={"timeout": timeouts | {"connect": CONNECT_TIMEOUT_SECONDS}},
            ) as answer:
                status = answer.status
        except InnerAddress as refused:
            return str(refused)
        except (
            httpcore.NetworkError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
            OSError,
        ) as error:
            return f"{self.host} does not answer ({str(error) or type(error).__name__})."
        if 200 <= status < 300:
            return None
        hint = ", and redirects are not followed" if 300 <= status < 400 else ""
        return f"{self.host} answers {status}{hint}."

    def _headers(self, event_id: str, body: str) -> list[tuple[bytes | str, bytes | str]]:
        sent_at = str(int(time.time()))
        signed = f"{event_id}.{sent_at}.{body}".encode()
        return [
            ("Content-Type", "application/json"),
            ("User-Agent", "pitchquest-assets"),
            ("webhook-id", event_id),
            ("webhook-timestamp", sent_at),
            (
                "webhook-signature",
                " ".join(f"v1,{_signature(key, signed)}" for key in self.keys),
            ),
        ]

    def check_address(self) -> None:
        """Resolve the receiver's name without connecting to it.

        Raises:
            SettingsError: the name cannot be resolved, or leads to an internal address.
        """
        try:
            self._network.addresses_of(self.host, self.url.port or 443)
        except (InnerAddress, httpcore.ConnectError) as error:
            raise SettingsError(str(error)) from None


def receiver_of(settings: Settings) -> Receiver | None:
    """Return the receiver that the settings name; None if they name none.

    Raises:
        SettingsError: its URL or secret is not usable.
    """
    if settings.webhook_url is None:
        return None
    inner_allowed = settings.webhook_inner_addresses == "allowed"
    url = settings.webhook_url
    if not url.startswith("https://") and not inner_allowed:
        raise SettingsError(
            "PITCHQUEST_WEBHOOK_URL must begin with https://, unless "
            "PITCHQUEST_WEBHOOK_INNER_ADDRESSES=allowed."
        )
    secrets = settings.webhook_secret.get_secret_value().split() if settings.webhook_secret else []
    if not secrets:
        raise SettingsError(
            "PITCHQUEST_WEBHOOK_SECRET must be set too: "
            '`echo "whsec_$(openssl rand -base64 32)"` makes one.'
        )
    return Receiver(url, [_key_of(one) for one in secrets], inner_allowed=inner_allowed)


def is_inner(address: str) -> bool:
    """Whether an address belongs to no public network: private, loopback, link-local and others."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if isinstance(found, IPv6Address) and any(found in network for network in TRANSLATED):
        return True
    return not found.is_global or found.is_multicast


class _Network(httpcore.SyncBackend):
    """Connects to exactly the address that was checked, so a second DNS answer changes nothing."""

    def __init__(self, *, inner_allowed: bool) -> None:
        super().__init__()
        self.inner_allowed = inner_allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        *others, last = self.addresses_of(host, port)
        for address in others:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(last, port, timeout, local_address, socket_options)

    def addresses_of(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"its name {host} cannot be resolved") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        inner = [address for address in addresses if is_inner(address)]
        if inner and not self.inner_allowed:
            raise InnerAddress(
                f"{host} resolves to {inner[0]}, an internal address: name another receiver, "
                "or set PITCHQUEST_WEBHOOK_INNER_ADDRESSES=allowed."
            )
        return addresses


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key_of(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    least, most = SECRET_BYTES
    if not least <= len(key) <= most:
        raise SettingsError(
            f"PITCHQUEST_WEBHOOK_SECRET must be `{SECRET_PREFIX}` and {least} to {most} bytes in "
            "base64, or several such secrets, separated by spaces."
        )
    return key

"""Turns a vendor's failure into one sentence that says what to do, without any secret in it.

Each SDK's module turns its exceptions into a `Trouble`; this module decides what follows from it.
"""

import math
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

from pydantic import SecretStr

from pitchquest_assets.errors import (
    PitchQuestError,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)
from pitchquest_assets.settings import Settings
from pitchquest_assets.vendor_calls import Call, VendorName

MAX_DETAIL_CHARACTERS = 200
TOO_MANY_CALLS = 429
# Worth a retry: 408 is a request timeout; so is everything from 500 up.
PASSING = frozenset({408, TOO_MANY_CALLS})

Reason = Literal["key", "credit", "timeout", "format"]


class Trouble(Exception):
    """A call that brought no answer.

    Args:
        detail: what the vendor or the network said; untrusted, see `clean`.
        status: the HTTP status; None if nothing came back.
        reason: what the status alone does not say: a wrong key, no credit left, a timeout, or an
            answer that is not in the vendor's format.
        retry_after_seconds: the vendor's Retry-After.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        reason: Reason | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds

    @property
    def passes(self) -> bool:
        """Whether the same call may succeed later: never for 400, 401, 403, 404."""
        if self.reason in ("key", "credit", "format"):
            return False
        return self.status is None or self.status in PASSING or self.status >= 500


@dataclass(frozen=True)
class Vendor:
    """How messages name a vendor and its variables."""

    name: str
    key_variable: str
    url_variable: str


VENDORS: dict[VendorName, Vendor] = {
    "openai": Vendor("OpenAI", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "gemini": Vendor("Gemini", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
}


def name_of(vendor: VendorName, settings: Settings) -> str:
    """Return the vendor's name for messages, or the server that its variable names instead."""
    own = settings.openai_base_url if vendor == "openai" else settings.gemini_base_url
    return f"The server at {VENDORS[vendor].url_variable}" if own else VENDORS[vendor].name


def usable_key(secret: SecretStr | None, variable: str) -> str:
    """Return the key without surrounding spaces; '' if there is none.

    Raises:
        SettingsError: it cannot be a key; the SDKs' own error messages would show it.
    """
    key = secret.get_secret_value().strip() if secret else ""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            f"{variable} is not a key: it has spaces or characters that no key has."
        )
    return key


def as_error(trouble: Trouble, call: Call, settings: Settings, tries: int) -> PitchQuestError:
    """Return the error to show: VendorUnavailable if a retry may help, else VendorRefused."""
    sentence = _sentence(trouble, call, settings)
    if not trouble.passes:
        return VendorRefused(sentence)
    return VendorUnavailable(
        sentence.format(tries="" if tries == 1 else f", {tries} times in a row")
    )


def _sentence(trouble: Trouble, call: Call, settings: Settings) -> str:
    """The message; with the placeholder {tries} if the trouble may pass."""
    vendor, name, status = VENDORS[call.vendor], name_of(call.vendor, settings), trouble.status
    said = clean(trouble.detail, settings).replace("{", "(").replace("}", ")")
    if trouble.reason == "key" or status == 401:
        return f"{name} refuses the key in {vendor.key_variable}: put a valid one there."
    if trouble.reason == "credit":
        return f"{name} has no credit left for {vendor.key_variable}: top up the account."
    if trouble.reason == "format":
        return (
            f"{name} does not answer as {vendor.name} does ({said}): check {vendor.url_variable}."
        )
    if status == 403:
        return (
            f"{name} does not let {vendor.key_variable} use {call.model} ({said}): give the key "
            f"that permission, or choose another model with {call.model_setting}."
        )
    if status == 404:
        return f"{name} has no model {call.model!r}: set {call.model_setting} to one that it has."
    if status == TOO_MANY_CALLS:
        wait = trouble.retry_after_seconds
        later = "later" if wait is None else f"after {wait:.0f} s"
        return (
            f"{name} accepts no more calls for now{{tries}} (HTTP 429): try again {later}, or "
            "raise the rate limit of the account."
        )
    if trouble.reason == "timeout":
        return (
            f"{name} gave no answer within {settings.vendor_timeout_seconds:g} s{{tries}}: try "
            "again later, or raise PITCHQUEST_VENDOR_TIMEOUT_SECONDS."
        )
    if status is None:
        return (
            f"{name} cannot be reached{{tries}} ({said}): check the network"
            f"{f' and {vendor.url_variable}' if name != vendor.name else ''}, then try again."
        )
    if trouble.passes:
        return f"{name} is failing{{tries}} (HTTP {status}): try again later."
    return f"{name} does not take the call for {call.model} (HTTP {status}: {said})."


def seconds_of(*said: object) -> float | None:
    """Parse the first readable wait, in seconds: "34", "34s" or an HTTP date; None if none is."""
    for one in said:
        text = str(one).strip()
        try:
            seconds = float(text.removesuffix("s"))
        except ValueError:
            try:
                seconds = parsedate_to_datetime(text).timestamp() - time.time()
            except ValueError:
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def clean(text: str, settings: Settings) -> str:
    """Make a vendor's text fit to show: one short, printable line without our keys."""
    for secret in (settings.openai_api_key, settings.gemini_api_key):
        # The SDKs get it without surrounding spaces.
        if secret and (key := secret.get_secret_value().strip()):
            text = text.replace(key, "…")
    # The vendors' own messages contain parts of keys.
    text = re.sub(r"\b(?:sk-|AIza)[\w*.-]+", "…", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split()).rstrip(".")
    short = text[:MAX_DETAIL_CHARACTERS]
    return (short + "…" if len(text) > len(short) else short) or "no reason given"

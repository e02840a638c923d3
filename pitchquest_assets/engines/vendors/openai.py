"""OpenAI, or any server that speaks its protocol: the client and its errors."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pitchquest_assets.engines.vendors.errors import Reason, Trouble, seconds_of, usable_key
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

NO_KEY = "no-key"


def open_client(settings: Settings) -> "OpenAI":
    """Open a client for OPENAI_BASE_URL with OPENAI_API_KEY and without its own retries.

    Raises:
        SettingsError: the key cannot be one, or is missing and OPENAI_BASE_URL is not set.
    """
    from openai import DefaultHttpxClient, OpenAI

    key = usable_key(settings.openai_api_key, "OPENAI_API_KEY")
    if not key and settings.openai_base_url is None:
        raise SettingsError("OPENAI_API_KEY is not set: it is needed to call OpenAI.")
    return OpenAI(
        # Self-hosted servers often need no key, but the SDK does.
        api_key=key or NO_KEY,
        base_url=settings.openai_base_url,
        timeout=settings.vendor_timeout_seconds,
        max_retries=0,
        # A redirect would carry the sound or the words to another host.
        http_client=DefaultHttpxClient(follow_redirects=False),
    )


@contextmanager
def openai_troubles() -> Iterator[None]:
    """Turn the SDK's exceptions into Trouble."""
    import httpx2
    from openai import (
        APIConnectionError,
        APIResponseValidationError,
        APIStatusError,
        APITimeoutError,
    )

    try:
        yield
    except (APITimeoutError, httpx2.TimeoutException) as error:
        raise Trouble(reason="timeout") from error
    except APIStatusError as error:
        raise _trouble_of_status(error) from error
    except (APIConnectionError, httpx2.HTTPError) as error:
        raise Trouble(str(error.__cause__ or error)) from error
    except (APIResponseValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Trouble("no JSON", status=200, reason="format") from error


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn missing parts of an answer into Trouble: the SDK returns anything, JSON or not."""
    try:
        yield
    except (AttributeError, IndexError, TypeError, ValidationError) as error:
        raise Trouble(f"no {what}", status=200, reason="format") from error


def _trouble_of_status(error: "APIStatusError") -> Trouble:
    headers = error.response.headers
    # OpenAI also says 429 if the account has no credit.
    reason: Reason | None = "credit" if error.code == "insufficient_quota" else None
    # And 401 if the key is valid but lacks the permission.
    lacks_right = error.status_code == 401 and "Missing scopes" in error.message
    return Trouble(
        error.message,
        status=403 if lacks_right else error.status_code,
        reason=reason,
        retry_after_seconds=seconds_of(headers.get("retry-after")),
    )

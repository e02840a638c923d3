"""Gemini through google-genai: the client and its errors."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pitchquest_assets.engines.vendors.errors import Reason, Trouble, seconds_of, usable_key
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.errors import APIError


def open_client(settings: Settings) -> "Client":
    """Open a client for GOOGLE_GEMINI_BASE_URL with GEMINI_API_KEY and without its own retries.

    Raises:
        SettingsError: the key is missing or cannot be one.
    """
    from google import genai
    from google.genai import types

    key = usable_key(settings.gemini_api_key, "GEMINI_API_KEY")
    if not key:
        raise SettingsError("GEMINI_API_KEY is not set: it is needed to call Gemini.")
    return genai.Client(
        # Explicit, because GOOGLE_GENAI_USE_VERTEXAI would select another service and key.
        vertexai=False,
        api_key=key,
        http_options=types.HttpOptions(
            base_url=settings.gemini_base_url,
            timeout=round(settings.vendor_timeout_seconds * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            # A redirect would carry the header with the key to another host.
            client_args={"follow_redirects": False},
        ),
    )


@contextmanager
def gemini_troubles() -> Iterator[None]:
    """Turn the SDK's exceptions into Trouble."""
    import httpx
    import httpx2
    from google.genai.errors import APIError, UnknownApiResponseError

    try:
        yield
    # The SDK uses whichever of the two is installed.
    except (httpx.TimeoutException, httpx2.TimeoutException) as error:
        raise Trouble(reason="timeout") from error
    except (httpx.HTTPError, httpx2.HTTPError) as error:
        raise Trouble(str(error)) from error
    except APIError as error:
        raise _trouble_of_status(error) from error
    except (UnknownApiResponseError, ValidationError, json.JSONDecodeError) as error:
        raise Trouble("no JSON of its form", status=200, reason="format") from error


def _trouble_of_status(error: "APIError") -> Trouble:
    details = _details(error)
    invalid_key = any(one.get("reason") == "API_KEY_INVALID" for one in details)
    reason: Reason | None = "key" if invalid_key else None
    return Trouble(
        str(error.message or error.status or ""),
        status=error.code,
        reason=reason,
        retry_after_seconds=_retry_after(error, details),
    )


def _details(error: "APIError") -> list[dict[str, Any]]:
    """The google.rpc details of an error: the reason, and when to retry."""
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    found = inner.get("details", []) if isinstance(inner, dict) else []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _retry_after(error: "APIError", details: list[dict[str, Any]]) -> float | None:
    """Seconds to wait, from the header or from the body (`"retryDelay": "34s"`)."""
    headers = getattr(error.response, "headers", {})
    return seconds_of(headers.get("retry-after"), *(one.get("retryDelay") for one in details))

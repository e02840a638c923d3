"""Gemini by google-genai: the client and its troubles."""

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
    """A client for GOOGLE_GEMINI_BASE_URL with GEMINI_API_KEY, which never tries again by itself.

    Raises:
        SettingsError: there is no key, or it is none.
    """
    from google import genai
    from google.genai import types

    key = usable_key(settings.gemini_api_key, "GEMINI_API_KEY")
    if not key:
        raise SettingsError("GEMINI_API_KEY is not set: it is needed to call Gemini.")
    return genai.Client(
        # Said in words, as GOOGLE_GENAI_USE_VERTEXAI would lead elsewhere with another key.
        vertexai=False,
        api_key=key,
        http_options=types.HttpOptions(
            base_url=settings.gemini_base_url,
            timeout=round(settings.vendor_timeout_seconds * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
        ),
    )


@contextmanager
def gemini_troubles() -> Iterator[None]:
    """Turns the SDK's exceptions into Trouble."""
    import httpx
    import httpx2
    from google.genai.errors import APIError, UnknownApiResponseError

    try:
        yield
    # The SDK works with either, whichever is installed.
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
    """google.rpc's details of an error: why, and when to try again."""
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    found = inner.get("details", []) if isinstance(inner, dict) else []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _retry_after(error: "APIError", details: list[dict[str, Any]]) -> float | None:
    """Seconds, from the header or from the body (`"retryDelay": "34s"`)."""
    headers = getattr(error.response, "headers", {})
    return seconds_of(headers.get("retry-after"), *(one.get("retryDelay") for one in details))

"""Checks SUPABASE_KEY: the pipeline writes, so it needs the secret key."""

import base64
import json

from pitchquest_assets.errors import SettingsError

WHERE = "take the secret key (service_role) from the project's settings, API keys"


def check_key(key: str) -> str:
    """Return the role of a key; its signature is not verified, only Supabase can do that.

    Raises:
        SettingsError: it is not a secret key, or not a key at all.
    """
    if key.startswith("sb_secret_"):
        return "service_role"
    if key.startswith("sb_publishable_"):
        raise SettingsError(
            "SUPABASE_KEY is the publishable key, which row level security keeps from writing: "
            f"{WHERE}."
        )
    role = _role_of(key)
    if role is None:
        raise SettingsError(f"SUPABASE_KEY is not a Supabase key: {WHERE}.")
    if role != "service_role":
        raise SettingsError(
            f"SUPABASE_KEY has the role {role!r}, which row level security keeps from writing: "
            f"{WHERE}."
        )
    return role


def _role_of(key: str) -> str | None:
    """The claim `role` of a JWT; None if it is not a JWT."""
    try:
        payload = key.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        role = claims.get("role")
    except (ValueError, IndexError, AttributeError):
        return None
    return str(role)[:40] if role else None

"""The keys of a Supabase project of the tests."""

import time
from typing import Any

import jwt

JWT_SECRET = "a-secret-of-the-tests-that-is-at-least-32-bytes-long"
SECRET_KEY = "sb_secret_0123456789_of_the_tests"
PUBLISHABLE_KEY = "sb_publishable_0123456789_of_the_tests"


def token(role: str, user: str | None = None, secret: str = JWT_SECRET, **claims: Any) -> str:
    """A key of the old kind, or the session of a signed-in user."""
    issued = int(time.time()) - 10
    payload = {"iss": "supabase", "role": role, "iat": issued, "exp": issued + 36_000, **claims}
    return jwt.encode(payload | ({"sub": user} if user else {}), secret, algorithm="HS256")

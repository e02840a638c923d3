"""The state of the Storage server of the tests: its objects, its keys, its faults."""

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import jwt

from pitchquest_assets_tests.support.storage.faults import Faults
from pitchquest_assets_tests.support.storage.keys import (
    JWT_SECRET,
    PUBLISHABLE_KEY,
    SECRET_KEY,
    token,
)
from pitchquest_assets_tests.support.storage.objects import Bucket, Object, Upload


class StorageState:
    """The state that all requests share; it outlives their connections.

    Args:
        buckets: that exist from the start.
        on_upload: called with each finished upload, on_remove with each removed object, on_move
            with each renamed one: where the real server writes to storage.objects.
        may_read: whether a caller (role, user) may read an object (bucket, name), as the policies
            of the database say; by default as ours do for uploads.
        secret: that the project's keys are signed with.
    """

    def __init__(
        self,
        *buckets: Bucket,
        on_upload: Callable[[Object], None] | None = None,
        on_remove: Callable[[Object], None] | None = None,
        on_move: Callable[[Object], None] | None = None,
        may_read: Callable[[str, str | None, str, str], bool] | None = None,
        secret: str = JWT_SECRET,
        size_limit: int = 50 * 1024 * 1024,
    ) -> None:
        self.url = ""  # what SUPABASE_URL is set to; known once the server runs
        self.buckets = {b.name: b for b in buckets or (Bucket("videos"), Bucket("pitchquest"))}
        self.objects: dict[tuple[str, str], Object] = {}
        self.uploads: dict[str, Upload] = {}
        self.on_upload, self.on_remove, self.on_move = on_upload, on_remove, on_move
        self.may_read = may_read
        self.secret = secret
        self.on_death: Callable[[], None] | None = None
        self.size_limit = size_limit
        self.faults = Faults()
        self.clock_ahead_seconds = 0.0
        self.ranges: list[str | None] = []  # of the objects that were sent
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.RLock()
        self._down_until = 0.0

    @cached_property
    def service_key(self) -> str:
        return token("service_role", secret=self.secret)

    @cached_property
    def anon_key(self) -> str:
        return token("anon", secret=self.secret)

    @property
    def is_down(self) -> bool:
        return time.monotonic() < self._down_until

    def die(self) -> None:
        """Every connection is cut, and new ones too, for `faults.down_seconds`."""
        self._down_until = time.monotonic() + self.faults.down_seconds
        if self.on_death:
            self.on_death()

    def come_back(self) -> None:
        """End a death that was to last longer."""
        self._down_until = 0.0

    def die_always(self, method: str, count: int) -> None:
        """Cut each such request after this many bytes, and accept the next one at once."""

        def again() -> None:
            self.faults.die_at = (method, count)

        self.on_death, self.faults.down_seconds = again, 0.0
        again()

    def put(self, stored: Object) -> Object:
        """Enter a finished upload and call `on_upload`."""
        with self.lock:
            before = self.objects.get((stored.bucket, stored.name))
            if before:
                stored.id, stored.created_at = before.id, before.created_at
            self.objects[stored.bucket, stored.name] = stored
        if self.on_upload:
            self.on_upload(stored)
        return stored

    def move(self, stored: Object, bucket: str, name: str) -> None:
        """Rename an object and call `on_move` with it and its old place."""
        before = (stored.bucket, stored.name)
        with self.lock:
            del self.objects[before]
            stored.bucket, stored.name = bucket, name
            self.objects[bucket, name] = stored
        if self.on_move:
            self.on_move(stored)

    def data(self, path: str) -> bytes:
        """The bytes of `bucket/path`."""
        bucket, _, name = path.partition("/")
        return self.objects[bucket, name].data

    def names(self, bucket: str) -> list[str]:
        return sorted(name for owner, name in self.objects if owner == bucket)

    def caller(self, authorization: str, apikey: str) -> dict[str, Any] | None:
        """The claims of the caller; None where the gateway does not know the key."""
        bearer = authorization.removeprefix("Bearer ").strip()
        opaque = {SECRET_KEY: "service_role", PUBLISHABLE_KEY: "anon"}
        if apikey and apikey not in opaque and not self._is_ours(apikey):
            return None
        if bearer in opaque:
            return {"role": opaque[bearer]}
        claims: dict[str, Any] = jwt.decode(bearer, self.secret, ["HS256"])
        return claims

    def sign(self, path: str, seconds: int, **more: Any) -> str:
        now = int(time.time())
        claims = {"url": path, "iat": now, "exp": now + seconds, **more}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def _is_ours(self, key: str) -> bool:
        try:
            jwt.decode(key, self.secret, ["HS256"])
        except jwt.PyJWTError:
            return False
        return True

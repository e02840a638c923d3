"""Supabase Storage in small: answers as the real server does, and can be made to fail.

Status codes, bodies and texts are those of supabase/storage (src/http/error-handler.ts,
src/internal/errors/codes.ts, src/http/routes): an error of the object routes is HTTP 400 with the
real code in the body, one of the resumable route is the real code with a bare text. Behind it a
gateway that knows the project's keys. Objects live in memory and survive `die`.
"""

import base64
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import md5
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import jwt
from sqlalchemy import Engine, text

JWT_SECRET = "a-secret-of-the-tests-that-is-at-least-32-bytes-long"
SECRET_KEY = "sb_secret_0123456789_of_the_tests"
PUBLISHABLE_KEY = "sb_publishable_0123456789_of_the_tests"
PREFIX = "/storage/v1"


def token(role: str, user: str | None = None, secret: str = JWT_SECRET, **claims: Any) -> str:
    """A key of the old kind, or the session of a signed-in user."""
    issued = int(time.time()) - 10
    payload = {"iss": "supabase", "role": role, "iat": issued, "exp": issued + 36_000, **claims}
    return jwt.encode(payload | ({"sub": user} if user else {}), secret, algorithm="HS256")


@dataclass
class Bucket:
    """Its limits; a private bucket."""

    name: str
    file_size_limit: int | None = None
    allowed_mime_types: list[str] | None = None

    def described(self) -> dict[str, Any]:
        now = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
        return {
            "id": self.name,
            "name": self.name,
            "owner": "",
            "public": False,
            "type": "STANDARD",
            "file_size_limit": self.file_size_limit,
            "allowed_mime_types": self.allowed_mime_types,
            "created_at": now,
            "updated_at": now,
        }


@dataclass
class Object:
    """One stored file."""

    bucket: str
    name: str
    data: bytes
    media_type: str
    owner: str | None
    created_at: datetime
    updated_at: datetime
    user_metadata: dict[str, Any] | None = None
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def etag(self) -> str:
        return f'"{md5(self.data, usedforsecurity=False).hexdigest()}"'

    def metadata(self) -> dict[str, Any]:
        return {
            "eTag": self.etag,
            "size": len(self.data),
            "mimetype": self.media_type,
            "cacheControl": "max-age=3600",
            "lastModified": self.updated_at.isoformat(),
            "contentLength": len(self.data),
            "httpStatusCode": 200,
        }


@dataclass
class Upload:
    """A resumable upload that is not complete."""

    bucket: str
    name: str
    size: int
    media_type: str
    owner: str | None
    upsert: bool
    user_metadata: dict[str, Any] | None
    data: bytearray = field(default_factory=bytearray)
    done: bool = False


@dataclass
class Faults:
    """What goes wrong at a server or gateway: a share of the requests, or all at one moment.

    Of the failing requests a quarter each is answered 502 unseen, cut unseen, done and then cut (so
    that only the answer is lost), and left hanging.
    """

    share: float = 0.0
    hang_seconds: float = 1.0
    chance: random.Random = field(default_factory=lambda: random.Random(20261125))
    # (method, bytes): die in the middle of the next such request, then stay away for a while.
    die_at: tuple[str, int] | None = None
    down_seconds: float = 0.3
    # Answers given as they are before anything else happens: status, headers, body.
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    # Downloads stop in their middle until this is False again.
    hang_downloads: bool = False
    failed: int = 0

    def next(self) -> str | None:
        if self.chance.random() >= self.share:
            return None
        self.failed += 1
        return self.chance.choice(["502", "cut", "lost answer", "hang"])


class StorageServer:
    """The server; use it as a context manager.

    Args:
        buckets: that exist from the start.
        on_upload: called with each finished upload, on_remove with each removed object: where the
            real server writes to storage.objects (`objects_table`).
        secret: that the project's keys are signed with.
    """

    def __init__(
        self,
        *buckets: Bucket,
        on_upload: Callable[[Object], None] | None = None,
        on_remove: Callable[[Object], None] | None = None,
        secret: str = JWT_SECRET,
        size_limit: int = 50 * 1024 * 1024,
    ) -> None:
        self.buckets = {b.name: b for b in buckets or (Bucket("videos"), Bucket("pitchquest"))}
        self.objects: dict[tuple[str, str], Object] = {}
        self.uploads: dict[str, Upload] = {}
        self.on_upload, self.on_remove = on_upload, on_remove
        self.secret = secret
        self.on_death: Callable[[], None] | None = None
        self.size_limit = size_limit
        self.faults = Faults()
        self.clock_ahead_seconds = 0.0
        self.signed_seconds: int | None = None  # overrides how long signed URLs live
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.RLock()
        self._down_until = 0.0
        self._http: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """What SUPABASE_URL is set to."""
        assert self._http is not None
        return f"http://127.0.0.1:{self._http.server_port}"

    @cached_property
    def service_key(self) -> str:
        return token("service_role", secret=self.secret)

    @cached_property
    def anon_key(self) -> str:
        return token("anon", secret=self.secret)

    def __enter__(self) -> Self:
        from pitchquest_assets_tests.support.storage.routes import handler_of

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._http is not None
        self._http.shutdown()
        self._http.server_close()

    @property
    def is_down(self) -> bool:
        return time.monotonic() < self._down_until

    def die(self) -> None:
        """Every connection is cut, and new ones too, for `faults.down_seconds`."""
        self._down_until = time.monotonic() + self.faults.down_seconds
        if self.on_death:
            self.on_death()

    def put(self, stored: Object) -> Object:
        """Enter a finished upload and tell who listens."""
        with self.lock:
            before = self.objects.get((stored.bucket, stored.name))
            if before:
                stored.id, stored.created_at = before.id, before.created_at
            self.objects[stored.bucket, stored.name] = stored
        if self.on_upload:
            self.on_upload(stored)
        return stored

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

    def sign(self, path: str, seconds: int) -> str:
        now = int(time.time())
        life = seconds if self.signed_seconds is None else self.signed_seconds
        claims = {"url": path, "iat": now, "exp": now + life}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def _is_ours(self, key: str) -> bool:
        try:
            jwt.decode(key, self.secret, ["HS256"])
        except jwt.PyJWTError:
            return False
        return True


def objects_table(engine: Engine) -> tuple[Callable[[Object], None], Callable[[Object], None]]:
    """What writes an upload to storage.objects, and what removes it, as the real server does."""
    upsert = text("""
        insert into storage.objects
          (id, bucket_id, name, owner, owner_id, metadata, user_metadata, version)
        values
          (cast(:id as uuid), :bucket, :name, cast(:owner as uuid), :owner,
           cast(:metadata as jsonb), cast(:user_metadata as jsonb), gen_random_uuid())
        on conflict (bucket_id, name) do update set
          metadata = excluded.metadata, user_metadata = excluded.user_metadata,
          owner = excluded.owner, owner_id = excluded.owner_id, version = excluded.version
    """)
    delete = text("delete from storage.objects where bucket_id = :bucket and name = :name")

    def uploaded(stored: Object) -> None:
        values = {
            "id": stored.id,
            "bucket": stored.bucket,
            "name": stored.name,
            "owner": stored.owner,
            "metadata": json.dumps(stored.metadata()),
            "user_metadata": json.dumps(stored.user_metadata),
        }
        with engine.begin() as connection:
            connection.execute(text("set local role service_role"))
            connection.execute(upsert, values)

    def removed(stored: Object) -> None:
        with engine.begin() as connection:
            connection.execute(delete, {"bucket": stored.bucket, "name": stored.name})

    return uploaded, removed


def encode_id(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()

"""What the Storage server of the tests holds, and the table that lists it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, text


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


class ObjectsTable:
    """Writes storage.objects as the real server does, and asks its policies who may read."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def upload(self, stored: Object) -> None:
        """`Uploader.completeUpload` ends each upload like this, resumable ones too."""
        values = {
            "id": stored.id,
            "bucket": stored.bucket,
            "name": stored.name,
            "owner": stored.owner,
            "metadata": json.dumps(stored.metadata()),
            "user_metadata": json.dumps(stored.user_metadata),
        }
        with self.engine.begin() as connection:
            connection.execute(text("set local role service_role"))
            connection.execute(_UPSERT, values)

    def remove(self, stored: Object) -> None:
        """Delete the row, as only the server may."""
        with self.engine.begin() as connection:
            connection.execute(ALLOW_DELETE)
            connection.execute(_DELETE, {"bucket": stored.bucket, "name": stored.name})

    def move(self, stored: Object) -> None:
        """Give the row another name and version; it stays the same row."""
        values = {"id": stored.id, "bucket": stored.bucket, "name": stored.name}
        with self.engine.begin() as connection:
            connection.execute(text("set local role service_role"))
            connection.execute(_MOVE, values)

    def may_read(self, role: str, user: str | None, bucket: str, name: str) -> bool:
        """Whether the policies let this caller see the row."""
        claims = json.dumps({"role": role} | ({"sub": user} if user else {}))
        with self.engine.connect() as connection:
            connection.execute(_CLAIMS, {"claims": claims, "role": role})
            values = {"bucket": bucket, "name": name}
            return connection.execute(_SEEN, values).first() is not None


# `storage.protect_delete` refuses every other deletion.
ALLOW_DELETE = text("set local storage.allow_delete_query = 'true'")
_UPSERT = text("""
    insert into storage.objects
      (id, bucket_id, name, owner, owner_id, metadata, user_metadata, version)
    values
      (cast(:id as uuid), :bucket, :name, cast(:owner as uuid), :owner,
       cast(:metadata as jsonb), cast(:user_metadata as jsonb), gen_random_uuid())
    on conflict (bucket_id, name) do update set
      metadata = excluded.metadata, user_metadata = excluded.user_metadata,
      owner = excluded.owner, owner_id = excluded.owner_id, version = excluded.version
""")
_DELETE = text("delete from storage.objects where bucket_id = :bucket and name = :name")
_MOVE = text("""
    update storage.objects set bucket_id = :bucket, name = :name, version = gen_random_uuid()
    where id = cast(:id as uuid)
""")
_CLAIMS = text("""
    select set_config('request.jwt.claims', :claims, true), set_config('role', :role, true)
""")
_SEEN = text("select from storage.objects where bucket_id = :bucket and name = :name")

"""What the Storage server of the tests holds, and the table that lists it."""

import json
from collections.abc import Callable
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


def objects_table(engine: Engine) -> tuple[Callable[[Object], None], Callable[[Object], None]]:
    """Return two functions that insert and delete rows of storage.objects like the real server."""
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

"""Uploads to the Storage server of the tests: in one request, or resumable (TUS)."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pitchquest_assets_tests.support.storage.http import Connection, Refused
from pitchquest_assets_tests.support.storage.objects import Object, Upload

PREFIX = "/storage/v1"
# src/storage/limits.ts
VALID_KEY = re.compile(r"(\w|/|!|-|\.|\*|'|\(|\)| |&|\$|@|=|;|:|\+|,|\?)+", re.ASCII)
NO_BUCKET = Refused(404, "NoSuchBucket", "Bucket not found", "Bucket not found")
NO_OBJECT = Refused(404, "NoSuchKey", "Object not found", "not_found")
RLS = Refused(403, "AccessDenied", "new row violates row-level security policy", "Unauthorized")
TOO_LARGE = Refused(
    413, "EntityTooLarge", "The object exceeded the maximum allowed size", "Payload too large"
)
DUPLICATE = Refused(409, "ResourceAlreadyExists", "The resource already exists", "Duplicate")
_TUS = {"Tus-Resumable": "1.0.0"}


class Uploads(Connection):
    """The routes that write."""

    def may(self, bucket: str, name: str) -> bool:
        """Apply the project's policies: all for the service role, their own folder for users."""
        own = self.role == "authenticated" and name.startswith(f"{self.user}/")
        return self.role == "service_role" or (own and bucket == "videos")

    def upload(self, bucket: str, name: str, upsert: bool | None = None) -> None:
        if upsert is None:
            upsert = self.command == "PUT" or self.headers.get("x-upsert") == "true"
        data, media_type, fields = _multipart(self.headers["Content-Type"], self.body)
        self.check(bucket, name, media_type, upsert)
        limit = self._limit(bucket)
        if len(data) > limit:
            raise TOO_LARGE
        described = json.loads(fields["metadata"]) if "metadata" in fields else None
        stored = self.store(bucket, name, data, media_type, described)
        self.json(200, {"Key": f"{bucket}/{name}", "Id": stored.id})

    def check(self, bucket: str, name: str, media_type: str | None, upsert: bool) -> None:
        if bucket not in self.storage.buckets:
            raise NO_BUCKET
        if not VALID_KEY.fullmatch(name):
            raise Refused(400, "InvalidKey", f"Invalid key: {name}")
        if not self.may(bucket, name):
            raise RLS
        if not upsert and (bucket, name) in self.storage.objects:
            raise DUPLICATE
        allowed = self.storage.buckets[bucket].allowed_mime_types
        if media_type is None:
            return
        kind = media_type.partition("/")[0] + "/*"
        if allowed and media_type not in allowed and kind not in allowed:
            told = f"mime type {media_type} is not supported"
            raise Refused(415, "InvalidMimeType", told, "invalid_mime_type")

    def _limit(self, bucket: str) -> int:
        own = self.storage.buckets[bucket].file_size_limit
        return min(own or self.storage.size_limit, self.storage.size_limit)

    def store(
        self, bucket: str, name: str, data: bytes, media_type: str, described: dict[str, Any] | None
    ) -> Object:
        now = datetime.now(UTC)
        return self.storage.put(
            Object(bucket, name, data, media_type, self.user, now, now, described)
        )

    def resumable(self, parts: list[str]) -> None:
        if self.command == "POST":
            return self._create_upload()
        upload = self.storage.uploads.get(parts[0])
        if upload is None:
            raise Refused(404, "NoSuchUpload", "The file for this url was not found\n")
        if self.command == "HEAD":
            headers = {"Upload-Offset": str(len(upload.data)), "Upload-Length": str(upload.size)}
            return self.answer(200, b"", _TUS | headers | {"Cache-Control": "no-store"})
        if int(self.headers["Upload-Offset"]) != len(upload.data):
            raise Refused(409, "TusError", "Upload-Offset from header does not match\n")
        self._read(into=upload.data)
        self.unread = False
        if len(upload.data) == upload.size and not upload.done:
            upload.done = True
            self.store(
                upload.bucket,
                upload.name,
                bytes(upload.data),
                upload.media_type,
                upload.user_metadata,
            )
        return self.answer(204, b"", _TUS | {"Upload-Offset": str(len(upload.data))})

    def _create_upload(self) -> None:
        pairs = [pair.split() for pair in self.headers["Upload-Metadata"].split(",")]
        told = {name: base64.b64decode(value).decode() for name, value in pairs}
        bucket, name = told["bucketName"], told["objectName"]
        upsert = self.headers.get("x-upsert") == "true"
        self.check(bucket, name, told["contentType"], upsert)
        size = int(self.headers["Upload-Length"])
        if size > self._limit(bucket):
            raise Refused(413, "TusError", "Maximum size exceeded\n")
        described = json.loads(told["metadata"]) if "metadata" in told else None
        number = (
            base64.urlsafe_b64encode(f"{bucket}/{name}/{uuid4()}".encode()).decode().rstrip("=")
        )
        self.storage.uploads[number] = Upload(
            bucket, name, size, told["contentType"], self.user, upsert, described
        )
        where = f"{self.storage.url}{PREFIX}/upload/resumable/{number}"
        self.answer(201, b"", _TUS | {"Location": where, "Upload-Offset": "0"})


def _multipart(content_type: str, body: bytes) -> tuple[bytes, str, dict[str, str]]:
    """The file, its media type, and the other fields."""
    if not content_type.startswith("multipart/form-data"):
        return body, content_type, {}
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, str] = {}
    data, media_type = b"", "application/octet-stream"
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        value = value.removesuffix(b"\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if b"filename=" in head:
            told = re.search(rb"(?i)content-type: *([^\r\n]+)", head)
            data, media_type = value, told[1].decode() if told else media_type
        elif name:
            fields[name[1].decode()] = value.decode()
    return data, media_type, fields

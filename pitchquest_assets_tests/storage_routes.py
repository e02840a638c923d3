"""The routes of the Storage server of the tests."""

import base64
import contextlib
import json
import re
import socket
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import jwt

from pitchquest_assets_tests.storage_server import (
    PREFIX,
    Bucket,
    Object,
    StorageServer,
    Upload,
    as_json,
    encode_id,
)

# src/storage/limits.ts
VALID_KEY = re.compile(r"(\w|/|!|-|\.|\*|'|\(|\)| |&|\$|@|=|;|:|\+|,|\?)+", re.ASCII)
PIECE = 64 * 1024


class Refused(Exception):
    """An error as the real server renders it."""

    def __init__(self, status: int, code: str, message: str, error: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.error = error or code

    def body(self) -> dict[str, str]:
        return {
            "statusCode": str(self.status),
            "code": self.code,
            "error": self.error,
            "message": self.message,
        }


NO_BUCKET = Refused(404, "NoSuchBucket", "Bucket not found", "Bucket not found")
NO_OBJECT = Refused(404, "NoSuchKey", "Object not found", "not_found")
RLS = Refused(403, "AccessDenied", "new row violates row-level security policy", "Unauthorized")
TOO_LARGE = Refused(
    413, "EntityTooLarge", "The object exceeded the maximum allowed size", "Payload too large"
)
DUPLICATE = Refused(409, "ResourceAlreadyExists", "The resource already exists", "Duplicate")


class _Cut(Exception):
    """The connection ends here."""


def handler_of(server: StorageServer) -> type[BaseHTTPRequestHandler]:
    """The handler class of one server."""

    class Handler(_Handler):
        storage = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    storage: StorageServer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = time.time() + self.storage.clock_ahead_seconds
        return super().date_time_string(timestamp or now)

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _serve(self) -> None:
        if self.storage.is_down:
            return self._cut()
        self.storage.requests.append((self.command, self.path))
        with self.storage.lock:
            fault = self.storage.faults.next()
            answer = self.storage.faults.answers.pop(0) if self.storage.faults.answers else None
        self.lost = fault == "lost answer"
        try:
            if fault == "hang":
                time.sleep(self.storage.faults.hang_seconds)
            if fault in ("hang", "cut"):
                return self._cut()
            self.unread = self.command == "PATCH"
            self.body = b"" if self.unread else self._read()
            if fault == "502":
                return self._answer(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
            if answer:
                status, headers, body = answer
                return self._answer(status, body, headers)
            self._route()
        except (_Cut, ConnectionError):
            self._cut()
        return None

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _route(self) -> None:
        url = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = unquote(url.path).removeprefix(PREFIX).strip("/").split("/")
        resumable = parts[:2] == ["upload", "resumable"]
        try:
            if parts[:2] == ["object", "sign"] and self.command == "GET":
                return self._get_signed("/".join(parts[2:]))
            self._authenticate()
            if parts[0] == "bucket":
                return self._bucket(parts[1:])
            if resumable:
                return self._resumable(parts[2:])
            if parts[0] != "object":
                return self._json(404, {"message": "no Route matched with those values"})
            return self._object(parts[1:])
        except Refused as refused:
            if resumable:
                return self._answer(refused.status, refused.message.encode(), {})
            return self._json(500 if refused.status == 500 else 400, refused.body())

    def _authenticate(self) -> None:
        authorization = self.headers.get("Authorization", "")
        try:
            claims = self.storage.caller(authorization, self.headers.get("apikey", ""))
        except jwt.PyJWTError as error:
            raise Refused(403, "AccessDenied", _jwt_told(error), "Unauthorized") from error
        if claims is None:
            self._json(401, {"message": "Invalid API key", "hint": "Double check the key."})
            raise _Cut
        self.role, self.user = claims["role"], claims.get("sub")

    def _bucket(self, parts: list[str]) -> None:
        known = self.storage.buckets if self.role == "service_role" else {}
        if self.command == "POST":
            asked = json.loads(self.body)
            self.storage.buckets[asked["id"]] = Bucket(
                asked["id"], asked.get("file_size_limit"), asked.get("allowed_mime_types")
            )
            return self._json(200, {"name": asked["id"]})
        if not parts:
            return self._json(200, [bucket.described() for bucket in known.values()])
        if parts[0] not in known:
            raise NO_BUCKET
        return self._json(200, known[parts[0]].described())

    def _object(self, parts: list[str]) -> None:
        first, rest = parts[0], parts[1:]
        if self.command == "GET" and first in ("authenticated", "info"):
            stored = self._find(rest[0], "/".join(rest[1:]))
            return self._info(stored) if first == "info" else self._send_object(stored)
        if self.command == "POST" and first in ("list", "list-v2"):
            return (self._list if first == "list" else self._list_v2)(rest[0])
        if self.command == "POST" and first == "sign":
            stored = self._find(rest[0], "/".join(rest[1:]))
            path = f"{stored.bucket}/{stored.name}"
            made = self.storage.sign(path, int(json.loads(self.body)["expiresIn"]))
            return self._json(200, {"signedURL": f"/object/sign/{path}?token={made}"})
        if self.command == "DELETE":
            return self._remove(first)
        if self.command in ("POST", "PUT"):
            return self._upload(first, "/".join(rest))
        return self._send_object(self._find(first, "/".join(rest)))

    def _may(self, bucket: str, name: str) -> bool:
        """The policies that a project has: the service role all, users their folder of videos."""
        own = self.role == "authenticated" and name.startswith(f"{self.user}/")
        return self.role == "service_role" or (own and bucket == "videos")

    def _find(self, bucket: str, name: str) -> Object:
        if bucket not in self.storage.buckets:
            raise NO_BUCKET
        found = self.storage.objects.get((bucket, name))
        if found is None or not self._may(bucket, name):
            raise NO_OBJECT
        return found

    def _upload(self, bucket: str, name: str) -> None:
        upsert = self.command == "PUT" or self.headers.get("x-upsert") == "true"
        data, media_type, fields = _multipart(self.headers["Content-Type"], self.body)
        self._check(bucket, name, media_type, upsert)
        limit = self._limit(bucket)
        if len(data) > limit:
            raise TOO_LARGE
        described = json.loads(fields["metadata"]) if "metadata" in fields else None
        stored = self._store(bucket, name, data, media_type, described)
        self._json(200, {"Key": f"{bucket}/{name}", "Id": stored.id})

    def _check(self, bucket: str, name: str, media_type: str, upsert: bool) -> None:
        if bucket not in self.storage.buckets:
            raise NO_BUCKET
        if not VALID_KEY.fullmatch(name):
            raise Refused(400, "InvalidKey", f"Invalid key: {name}")
        if not self._may(bucket, name):
            raise RLS
        if not upsert and (bucket, name) in self.storage.objects:
            raise DUPLICATE
        allowed = self.storage.buckets[bucket].allowed_mime_types
        kind = media_type.partition("/")[0] + "/*"
        if allowed and media_type not in allowed and kind not in allowed:
            told = f"mime type {media_type} is not supported"
            raise Refused(415, "InvalidMimeType", told, "invalid_mime_type")

    def _limit(self, bucket: str) -> int:
        own = self.storage.buckets[bucket].file_size_limit
        return min(own or self.storage.size_limit, self.storage.size_limit)

    def _store(
        self, bucket: str, name: str, data: bytes, media_type: str, described: dict[str, Any] | None
    ) -> Object:
        now = datetime.now(UTC)
        return self.storage.put(
            Object(bucket, name, data, media_type, self.user, now, now, described)
        )

    def _info(self, stored: Object) -> None:
        self._json(
            200,
            {
                "id": stored.id,
                "name": stored.name,
                "bucket_id": stored.bucket,
                "size": len(stored.data),
                "content_type": stored.media_type,
                "etag": stored.etag,
                "metadata": stored.user_metadata,
                "created_at": stored.created_at.isoformat(),
                "last_modified": stored.updated_at.isoformat(),
            },
        )

    def _get_signed(self, path: str) -> None:
        try:
            claims = jwt.decode(
                self.query["token"], self.storage.secret, ["HS256"], options={"verify_exp": False}
            )
        except (KeyError, jwt.PyJWTError) as error:
            raise Refused(400, "InvalidJWT", "Invalid Compact JWS") from error
        now = time.time() + self.storage.clock_ahead_seconds
        if claims["exp"] <= now:
            raise Refused(400, "InvalidJWT", '"exp" claim timestamp check failed')
        if claims["url"] != path:
            raise Refused(400, "InvalidSignature", "Invalid signature")
        self.role, self.user = "service_role", None
        bucket, _, name = path.partition("/")
        self._send_object(self._find(bucket, name))

    def _send_object(self, stored: Object) -> None:
        data, size = stored.data, len(stored.data)
        headers = {
            "Content-Type": stored.media_type,
            "Accept-Ranges": "bytes",
            "ETag": stored.etag,
            "Last-Modified": format_datetime(stored.updated_at, usegmt=True),
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            return self._answer(200, data, headers)
        first = int(wanted[1])
        last = min(int(wanted[2] or size - 1), size - 1)
        if first >= size:
            return self._answer(416, b"", {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return self._answer(206, data[first : last + 1], headers)

    def _remove(self, bucket: str) -> None:
        if bucket not in self.storage.buckets:
            raise NO_BUCKET
        removed = []
        with self.storage.lock:
            for name in json.loads(self.body)["prefixes"]:
                if (bucket, name) in self.storage.objects and self._may(bucket, name):
                    removed.append(self.storage.objects.pop((bucket, name)))
        for one in removed:
            if self.storage.on_remove:
                self.storage.on_remove(one)
        self._json(200, [_listed(one, one.name) for one in removed])

    def _visible(self, bucket: str) -> list[Object]:
        with self.storage.lock:
            found = [o for (owner, _), o in self.storage.objects.items() if owner == bucket]
        return sorted((o for o in found if self._may(bucket, o.name)), key=lambda o: o.name)

    def _list(self, bucket: str) -> None:
        """One folder; of a bucket that does not exist, nothing."""
        asked = json.loads(self.body)
        folder = f"{asked['prefix'].strip('/')}/" if asked["prefix"] else ""
        rows: dict[str, dict[str, Any]] = {}
        for stored in self._visible(bucket):
            if not stored.name.startswith(folder):
                continue
            name, slash, _ = stored.name.removeprefix(folder).partition("/")
            rows.setdefault(name, _listed(None if slash else stored, name))
        wanted = [row for name, row in sorted(rows.items()) if asked.get("search", "") in name]
        first = asked.get("offset", 0)
        self._json(200, wanted[first : first + asked.get("limit", 100)])

    def _list_v2(self, bucket: str) -> None:
        """All objects below a prefix, without folders."""
        asked = json.loads(self.body)
        after = base64.urlsafe_b64decode(asked["cursor"]).decode() if asked.get("cursor") else ""
        names = [
            o
            for o in self._visible(bucket)
            if o.name.startswith(asked.get("prefix", "")) and o.name > after
        ]
        limit = min(asked.get("limit", 1000), 1000)
        page = names[:limit]
        answer: dict[str, Any] = {
            "hasNext": len(names) > limit,
            "folders": [],
            "objects": [_listed(one, one.name) for one in page],
        }
        if answer["hasNext"]:
            answer["nextCursor"] = base64.urlsafe_b64encode(page[-1].name.encode()).decode()
        self._json(200, answer)

    def _resumable(self, parts: list[str]) -> None:
        if self.command == "POST":
            return self._create_upload()
        upload = self.storage.uploads.get(parts[0])
        if upload is None:
            raise Refused(404, "NoSuchUpload", "The file for this url was not found\n")
        if self.command == "HEAD":
            headers = {"Upload-Offset": str(len(upload.data)), "Upload-Length": str(upload.size)}
            return self._answer(200, b"", _TUS | headers | {"Cache-Control": "no-store"})
        if int(self.headers["Upload-Offset"]) != len(upload.data):
            raise Refused(409, "TusError", "Upload-Offset from header does not match\n")
        self._read(into=upload.data)
        self.unread = False
        if len(upload.data) == upload.size and not upload.done:
            upload.done = True
            self._store(
                upload.bucket,
                upload.name,
                bytes(upload.data),
                upload.media_type,
                upload.user_metadata,
            )
        return self._answer(204, b"", _TUS | {"Upload-Offset": str(len(upload.data))})

    def _create_upload(self) -> None:
        pairs = [pair.split() for pair in self.headers["Upload-Metadata"].split(",")]
        told = {name: base64.b64decode(value).decode() for name, value in pairs}
        bucket, name = told["bucketName"], told["objectName"]
        upsert = self.headers.get("x-upsert") == "true"
        self._check(bucket, name, told["contentType"], upsert)
        size = int(self.headers["Upload-Length"])
        if size > self._limit(bucket):
            raise Refused(413, "TusError", "Maximum size exceeded\n")
        described = json.loads(told["metadata"]) if "metadata" in told else None
        number = encode_id(f"{bucket}/{name}/{uuid4()}")
        self.storage.uploads[number] = Upload(
            bucket, name, size, told["contentType"], self.user, upsert, described
        )
        where = f"{self.storage.url}{PREFIX}/upload/resumable/{number}"
        self._answer(201, b"", _TUS | {"Location": where, "Upload-Offset": "0"})

    def _read(self, into: bytearray | None = None) -> bytes:
        """The body; `into` keeps what came before the connection broke."""
        kept = bytearray() if into is None else into
        left = int(self.headers.get("Content-Length") or 0)
        read = 0
        while left:
            piece = self.rfile.read(min(left, PIECE))
            if not piece:
                raise _Cut
            kept += piece
            left -= len(piece)
            read += len(piece)
            self._maybe_die(read)
        return bytes(kept)

    def _maybe_die(self, count: int) -> None:
        at = self.storage.faults.die_at
        if at and at[0] == self.command and count >= at[1]:
            self.storage.faults.die_at = None
            self.storage.die()
            raise _Cut

    def _json(self, status: int, value: object) -> None:
        self._answer(status, as_json(value), {"Content-Type": "application/json; charset=utf-8"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if self.lost:
            raise _Cut
        self.send_response(status)
        if self.unread:  # the next request would be looked for in this one's body
            self.close_connection = True
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        for start in range(0, len(body), PIECE):
            self.wfile.write(body[start : start + PIECE])
            if self.command == "GET":
                self._maybe_die(start + PIECE)
                while self.storage.faults.hang_downloads and start + PIECE < len(body):
                    time.sleep(0.02)


_TUS = {"Tus-Resumable": "1.0.0"}


def _jwt_told(error: jwt.PyJWTError) -> str:
    if isinstance(error, jwt.ExpiredSignatureError):
        return '"exp" claim timestamp check failed'
    if isinstance(error, jwt.InvalidSignatureError):
        return "signature verification failed"
    return "Invalid Compact JWS"


def _listed(stored: Object | None, name: str) -> dict[str, Any]:
    """A row of a listing; a folder has nothing but its name."""
    return {
        "name": name,
        "id": stored and stored.id,
        "created_at": stored and stored.created_at.isoformat(),
        "updated_at": stored and stored.updated_at.isoformat(),
        "last_accessed_at": stored and stored.updated_at.isoformat(),
        "metadata": stored and stored.metadata(),
    }


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

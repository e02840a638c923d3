"""The routes of the Storage server of the tests."""

import base64
import json
import re
import time
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt

from pitchquest_assets_tests.support.storage.http import Refused
from pitchquest_assets_tests.support.storage.objects import Bucket, Object
from pitchquest_assets_tests.support.storage.state import StorageState
from pitchquest_assets_tests.support.storage.uploads import NO_BUCKET, NO_OBJECT, PREFIX, Uploads

UPLOAD_URL_SECONDS = 2 * 60 * 60


def handler_of(server: StorageState) -> type[BaseHTTPRequestHandler]:
    """The handler class of one server."""

    class Handler(_Handler):
        storage = server

    return Handler


class _Handler(Uploads):
    def route(self) -> None:
        url = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = unquote(url.path).removeprefix(PREFIX).strip("/").split("/")
        self.raw_path = url.path.removeprefix(PREFIX).strip("/")
        resumable = parts[:2] == ["upload", "resumable"]
        try:
            if parts[:2] == ["object", "sign"] and self.command == "GET":
                return self._get_signed("/".join(parts[2:]))
            if parts[:3] == ["object", "upload", "sign"] and self.command == "PUT":
                return self._put_signed("/".join(parts[3:]))
            self.authenticate()
            if parts[0] == "bucket":
                return self._bucket(parts[1:])
            if resumable:
                return self.resumable(parts[2:])
            if parts[0] != "object":
                return self.json(404, {"message": "no Route matched with those values"})
            return self._object(parts[1:])
        except Refused as refused:
            if resumable:
                return self.answer(refused.status, refused.message.encode(), {})
            return self.json(500 if refused.status == 500 else 400, refused.body())

    def _bucket(self, parts: list[str]) -> None:
        known = self.storage.buckets if self.role == "service_role" else {}
        if self.command == "POST":
            asked = json.loads(self.body)
            self.storage.buckets[asked["id"]] = Bucket(
                asked["id"], asked.get("file_size_limit"), asked.get("allowed_mime_types")
            )
            return self.json(200, {"name": asked["id"]})
        if not parts:
            return self.json(200, [bucket.described() for bucket in known.values()])
        if parts[0] not in known:
            raise NO_BUCKET
        return self.json(200, known[parts[0]].described())

    def _object(self, parts: list[str]) -> None:
        first, rest = parts[0], parts[1:]
        if self.command == "GET" and first in ("authenticated", "info"):
            stored = self._find(rest[0], "/".join(rest[1:]))
            return self._info(stored) if first == "info" else self._send_object(stored)
        if self.command == "POST" and first in ("list", "list-v2"):
            return (self._list if first == "list" else self._list_v2)(rest[0])
        if self.command == "POST" and first in ("move", "copy"):
            return self._move() if first == "move" else self._copy()
        if self.command == "POST" and first == "sign":
            self._find(rest[0], "/".join(rest[1:]))
            path = decode_uri(self.raw_path.removeprefix("object/sign/"))
            made = self.storage.sign(path, int(json.loads(self.body)["expiresIn"]))
            return self.json(200, {"signedURL": f"/object/sign/{path}?token={made}"})
        if self.command == "POST" and parts[:2] == ["upload", "sign"]:
            return self._sign_upload(rest[1], "/".join(rest[2:]))
        if self.command == "DELETE":
            return self._remove(first)
        if self.command in ("POST", "PUT"):
            return self.upload(first, "/".join(rest))
        return self._send_object(self._find(first, "/".join(rest)))

    def _find(self, bucket: str, name: str) -> Object:
        if bucket not in self.storage.buckets:
            raise NO_BUCKET
        found = self.storage.objects.get((bucket, name))
        if found is None or not self._may_read(bucket, name):
            raise NO_OBJECT
        return found

    def _may_read(self, bucket: str, name: str) -> bool:
        if self.storage.may_read is None:
            return self.may(bucket, name)
        return self.storage.may_read(self.role, self.user, bucket, name)

    def _info(self, stored: Object) -> None:
        self.json(
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
        self._verified(path)
        self.role, self.user = "service_role", None
        bucket, _, name = path.partition("/")
        self._send_object(self._find(bucket, name))

    def _verified(self, path: str) -> dict[str, Any]:
        """The claims of the token, if it is for this path; the path of the request is decoded."""
        try:
            claims: dict[str, Any] = jwt.decode(
                self.query["token"], self.storage.secret, ["HS256"], options={"verify_exp": False}
            )
        except (KeyError, jwt.PyJWTError) as error:
            raise Refused(400, "InvalidJWT", "Invalid Compact JWS") from error
        now = time.time() + self.storage.clock_ahead_seconds
        if claims["exp"] <= now:
            raise Refused(400, "InvalidJWT", '"exp" claim timestamp check failed')
        if claims["url"] != path:
            raise Refused(400, "InvalidSignature", "The url do not match the signature")
        return claims

    def _sign_upload(self, bucket: str, name: str) -> None:
        """The permission is checked now, and the upload is the caller's whoever makes it."""
        upsert = self.headers.get("x-upsert") == "true"
        self.check(bucket, name, None, upsert)
        path = decode_uri(self.raw_path.removeprefix("object/upload/sign/"))
        made = self.storage.sign(path, UPLOAD_URL_SECONDS, owner=self.user, upsert=upsert)
        self.json(200, {"url": f"/object/upload/sign/{path}?token={made}", "token": made})

    def _put_signed(self, path: str) -> None:
        claims = self._verified(path)
        self.role, self.user = "service_role", claims["owner"]
        bucket, _, name = path.partition("/")
        self.upload(bucket, name, upsert=claims["upsert"])

    def _copy(self) -> None:
        asked = json.loads(self.body)
        bucket = asked.get("destinationBucket") or asked["bucketId"]
        source = self._find(asked["bucketId"], asked["sourceKey"])
        upsert = self.headers.get("x-upsert") == "true"
        self.check(bucket, asked["destinationKey"], None, upsert)
        copied = self.store(
            bucket, asked["destinationKey"], source.data, source.media_type, source.user_metadata
        )
        self.json(200, {"Key": f"{bucket}/{copied.name}", "Id": copied.id})

    def _move(self) -> None:
        """The row is renamed and gets another version: it stays the same row."""
        asked = json.loads(self.body)
        bucket = asked.get("destinationBucket") or asked["bucketId"]
        source = self._find(asked["bucketId"], asked["sourceKey"])
        self.check(bucket, asked["destinationKey"], None, False)
        self.storage.move(source, bucket, asked["destinationKey"])
        self.json(
            200, {"message": "Successfully moved", "Id": source.id, "Key": asked["destinationKey"]}
        )

    def _send_object(self, stored: Object) -> None:
        data, size = stored.data, len(stored.data)
        headers = {
            # `normalizeContentType` in src/storage/renderer/renderer.ts: no page is served as one.
            "Content-Type": "text/plain" if "text/html" in stored.media_type else stored.media_type,
            "Accept-Ranges": "bytes",
            "ETag": stored.etag,
            "Last-Modified": format_datetime(stored.updated_at, usegmt=True),
        }
        self.storage.ranges.append(self.headers.get("Range"))
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            return self.answer(200, data, headers)
        first = int(wanted[1])
        last = min(int(wanted[2] or size - 1), size - 1)
        if first >= size:
            return self.answer(416, b"", {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return self.answer(206, data[first : last + 1], headers)

    def _remove(self, bucket: str) -> None:
        if bucket not in self.storage.buckets:
            raise NO_BUCKET
        removed = []
        with self.storage.lock:
            for name in json.loads(self.body)["prefixes"]:
                # No policy of ours lets users remove files: they get an empty list, and no error.
                if (bucket, name) in self.storage.objects and self.role == "service_role":
                    removed.append(self.storage.objects.pop((bucket, name)))
        for one in removed:
            if self.storage.on_remove:
                self.storage.on_remove(one)
        self.json(200, [_listed(one, one.name) for one in removed])

    def _visible(self, bucket: str) -> list[Object]:
        with self.storage.lock:
            found = [o for (owner, _), o in self.storage.objects.items() if owner == bucket]
        return sorted((o for o in found if self._may_read(bucket, o.name)), key=lambda o: o.name)

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
        self.json(200, wanted[first : first + asked.get("limit", 100)])

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
        self.json(200, answer)


def decode_uri(text: str) -> str:
    """JavaScript's decodeURI: what could mean something in a URL stays encoded."""
    parts = re.split(r"(?i)(%(?:3B|2F|3F|3A|40|26|3D|2B|24|2C|23))", text)
    return "".join(part if place % 2 else unquote(part) for place, part in enumerate(parts))


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

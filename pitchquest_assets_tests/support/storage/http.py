"""Shared by all routes of the tests' Storage server: requests, answers, faults, keys."""

import contextlib
import json
import socket
import time
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler

import jwt

from pitchquest_assets_tests.support.storage.state import StorageState

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


class Cut(Exception):
    """The connection ends here."""


def cut(handler: BaseHTTPRequestHandler) -> None:
    """End the connection without another byte."""
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)


class Connection(BaseHTTPRequestHandler, ABC):
    """Reads and answers requests; a subclass's `route` knows the paths."""

    protocol_version = "HTTP/1.1"
    storage: StorageState

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
            return cut(self)
        self.storage.requests.append((self.command, self.path))
        with self.storage.lock:
            fault = self.storage.faults.next()
            answer = self.storage.faults.answers.pop(0) if self.storage.faults.answers else None
            at = self.storage.faults.die_at
            self.spared = bool(at and at[0] == self.command and self.storage.faults.spare > 0)
            self.storage.faults.spare -= self.spared
        self.lost = fault == "lost answer"
        try:
            if fault == "hang":
                time.sleep(self.storage.faults.hang_seconds)
            if fault in ("hang", "cut"):
                return cut(self)
            self.unread = self.command == "PATCH"
            self.body = b"" if self.unread else self._read()
            if fault == "502":
                return self.answer(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
            if answer:
                status, headers, body = answer
                return self.answer(status, body, headers)
            self.route()
        except (Cut, ConnectionError):
            cut(self)
        return None

    @abstractmethod
    def route(self) -> None:
        """Answer the request."""

    def authenticate(self) -> None:
        authorization = self.headers.get("Authorization", "")
        try:
            claims = self.storage.caller(authorization, self.headers.get("apikey", ""))
        except jwt.PyJWTError as error:
            raise Refused(403, "AccessDenied", _jwt_told(error), "Unauthorized") from error
        if claims is None:
            self.json(401, {"message": "Invalid API key", "hint": "Double check the key."})
            raise Cut
        self.role, self.user = claims["role"], claims.get("sub")

    def _read(self, into: bytearray | None = None) -> bytes:
        """The body; `into` receives whatever came before the connection broke."""
        kept = bytearray() if into is None else into
        left = int(self.headers.get("Content-Length") or 0)
        read = 0
        while left:
            piece = self.rfile.read(min(left, PIECE))
            if not piece:
                raise Cut
            kept += piece
            left -= len(piece)
            read += len(piece)
            self._maybe_die(read)
        return bytes(kept)

    def _maybe_die(self, count: int) -> None:
        at = self.storage.faults.die_at
        if at and not self.spared and at[0] == self.command and count >= at[1]:
            self.storage.faults.die_at = None
            self.storage.die()
            raise Cut

    def json(self, status: int, value: object) -> None:
        self.answer(
            status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"}
        )

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if self.lost:
            raise Cut
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


def _jwt_told(error: jwt.PyJWTError) -> str:
    if isinstance(error, jwt.ExpiredSignatureError):
        return '"exp" claim timestamp check failed'
    if isinstance(error, jwt.InvalidSignatureError):
        return "signature verification failed"
    return "Invalid Compact JWS"

"""A receiver of webhooks that verifies each event with the public library, as a backend does."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from pitchquest_assets.store.store import Store

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_SECRET = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()


class Backend:
    """What was posted to it, and what it answers; it survives a restart of its server."""

    def __init__(self, secret: str = SECRET) -> None:
        self.webhook = Webhook(secret)
        # Answers to come before the usual 204.
        self.answers: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.forged = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/pitchquest"

    @property
    def event_ids(self) -> list[str]:
        return [one["webhook-id"] for one in self.headers]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Listen, at the same port as before."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler_of(self))
        server.daemon_threads = True
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


def _handler_of(backend: Backend) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = backend.answers.pop(0) if backend.answers else 204
            try:
                backend.webhook.verify(body, dict(self.headers))
            except WebhookVerificationError:
                backend.forged += 1
                status = 400
            if status == 204:
                backend.headers.append(
                    {name.lower(): value for name, value in self.headers.items()}
                )
                backend.events.append(json.loads(body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{backend.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def let_pass(store: Store, seconds: float) -> None:
    """Make every event this much older, and due this much sooner."""
    statement = text("""
        update webhook_events set created_at = created_at - make_interval(secs => :seconds),
          next_try_at = next_try_at - make_interval(secs => :seconds)
    """)
    store.transaction(lambda c: c.execute(statement, {"seconds": seconds}))

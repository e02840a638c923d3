"""The gateway of a project: one address for REST and Storage, the API key as a token."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from pitchquest_assets_tests.support.storage.faults import Faults
from pitchquest_assets_tests.support.storage.http import cut

# Headers that concern a single connection, and those that httpx sets itself.
_OWN = {
    "connection",
    "host",
    "transfer-encoding",
    "keep-alive",
    "content-encoding",
    "date",
    "server",
}


@contextmanager
def gateway(rest: str, storage: str | None = None, faults: Faults | None = None) -> Iterator[str]:
    """The address under which `/rest/v1/` is PostgREST and `/storage/v1/` is Storage.

    Args:
        rest: address of PostgREST, which knows no prefix.
        storage: address of a Storage server, which does.
        faults: what goes wrong between the caller and both.
    """
    routes = {"/rest/v1": rest} | ({"/storage/v1": f"{storage}/storage/v1"} if storage else {})
    with httpx.Client(timeout=60) as client:
        handler = _handler_of(routes, client, faults or Faults())
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def _handler_of(
    routes: Mapping[str, str], client: httpx.Client, faults: Faults
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = faults.next()
            if fault == "hang":
                time.sleep(faults.hang_seconds)
            if fault in ("hang", "cut"):
                return cut(self)
            if fault == "502":
                return self._answer(502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>")
            prefix = next((p for p in routes if self.path.startswith(f"{p}/")), None)
            if prefix is None:
                return self._answer(404, {}, b"no Route matched with those values")
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _OWN}
            # For a caller who has not signed in, the key serves as the token.
            if "apikey" in self.headers and "Authorization" not in self.headers:
                headers["Authorization"] = f"Bearer {self.headers['apikey']}"
            url = routes[prefix] + self.path.removeprefix(prefix)
            answer = client.request(self.command, url, headers=headers, content=body)
            if fault == "lost answer":
                return cut(self)
            return self._answer(answer.status_code, answer.headers, answer.content)

        do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

        def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _OWN | {"content-length"}:
                    self.send_header(name, value)
            length = headers.get("content-length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Handler

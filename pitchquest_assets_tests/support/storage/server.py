"""A small Supabase Storage that answers as the real server does, and can be made to fail.

Status codes, bodies and texts are those of supabase/storage (src/http/error-handler.ts,
src/internal/errors/codes.ts, src/http/routes): an error of the object routes is HTTP 400 with the
real code in the body, one of the resumable route is the real code with a bare text. A gateway in
front of it knows the project's keys. Objects live in memory and survive `die`.
"""

import threading
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Self

from pitchquest_assets_tests.support.storage.routes import handler_of
from pitchquest_assets_tests.support.storage.state import StorageState


class StorageServer(StorageState):
    """The state, served over HTTP while the context manager is open."""

    host = "127.0.0.1"

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer((self.host, 0), handler_of(self))
        self._http.daemon_threads = True
        self.url = f"http://{self.host}:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

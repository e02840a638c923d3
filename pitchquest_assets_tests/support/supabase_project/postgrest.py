"""A real PostgREST in front of one of the databases, set up as in a Supabase project."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from sqlalchemy import make_url

from pitchquest_assets_tests.support.storage.keys import JWT_SECRET
from pitchquest_assets_tests.support.supabase_project.node import postgrest_binary

# Supabase's default: longer answers are cut off there without notice.
MAX_ROWS = 1000
START_SECONDS = 30


@contextmanager
def postgrest(database_url: str) -> Iterator[str]:
    """The address of PostgREST over this database, ready to answer."""
    binary = postgrest_binary()
    port, admin_port = _free_port(), _free_port()
    url = make_url(database_url).set(username="authenticator", password=None)
    environment = {
        "PGRST_DB_URI": url.render_as_string(hide_password=False),
        "PGRST_DB_SCHEMAS": "public",
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_MAX_ROWS": str(MAX_ROWS),
        "PGRST_JWT_SECRET": JWT_SECRET,
        "PGRST_SERVER_HOST": "127.0.0.1",
        "PGRST_SERVER_PORT": str(port),
        "PGRST_ADMIN_SERVER_PORT": str(admin_port),
    }
    process = subprocess.Popen(
        [str(binary)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{admin_port}/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _wait_until_ready(process: "subprocess.Popen[str]", address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    process.terminate()
    raise AssertionError(f"PostgREST does not start: {process.communicate()[0][-2000:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port

"""A separate PostgreSQL that listens on TCP and requires a password, for other clients."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pitchquest_assets.store.postgres.programs import run, system_user

PASSWORD = "p@ss:word/of the tests"
PERCENT_ENCODED = "p%40ss%3Aword%2Fof%20the%20tests"


@contextmanager
def tcp_server(host: str = "127.0.0.1") -> Iterator[str]:
    """The URL of its database `postgres`, as its superuser."""
    # Not pytest's folder, which other users cannot enter: PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="pitchquest-tcp-"))
    folder.chmod(0o755)
    data, password = folder / "data", folder / "password"
    data.mkdir(mode=0o700)
    password.write_text(PASSWORD)
    if os.geteuid() == 0:
        user = system_user()
        os.chown(data, user.pw_uid, user.pw_gid)
    with socket.socket() as found:
        found.bind((host, 0))
        port = found.getsockname()[1]
    options = f"-p {port} -k '' -c listen_addresses={host} -c fsync=off"
    try:
        login = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}")
        _run(data, "initdb", *login, "--encoding=UTF8", "--locale=C", "--no-sync")
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet scram-sha-256\n")
        _run(data, "pg_ctl", "start", "-w", "-l", str(data / "log"), "-o", options)
        yield f"postgresql://postgres:{PERCENT_ENCODED}@{host}:{port}/postgres"
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-D", str(data), owner_of=data)
        shutil.rmtree(folder)


def _run(data: Path, program: str, *arguments: str) -> None:
    done = run(program, *arguments, "-D", str(data), owner_of=data)
    assert done.returncode == 0, done.stdout

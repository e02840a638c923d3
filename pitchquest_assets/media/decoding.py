"""Has untrusted media decoded by a process of its own, which the operating system bounds.

Whatever a file does to a decoder, it ends in one sentence about that file: the process that called
goes on. The other process gets no key of the environment, and its answers are JSON and bytes, never
objects that could run code here. It is started at the first call and serves all later ones.
"""

import atexit
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import TypeAdapter

from pitchquest_assets import errors
from pitchquest_assets.errors import EngineUnavailable, InvalidInput, InvalidVideo
from pitchquest_assets.media.messages import receive, send
from pitchquest_assets.media.untrusted import Limits, beyond
from pitchquest_assets.model import BlobValue

P = ParamSpec("P")
T = TypeVar("T")

# All that the other process gets of the environment; one thread, as more take address space.
KEPT = ("PATH", "PYTHONHOME", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
# Pydantic would look for plugins in each installed package.
NO_PLUGINS = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
STOP_SECONDS = 5
# No bound of ours kills so, but a machine without memory does, perhaps for another file.
KILLED = -signal.SIGKILL


def in_child(function: Callable[P, T], filename: str, limits: Limits) -> Callable[P, T]:
    """Return `function`, a function of a module, so that it runs in the decoding process.

    Its arguments must be picklable; its result is of a type that pydantic knows.

    Args:
        filename: the name to show in messages.

    Raises:
        InvalidVideo: the file needs more memory or time than `limits` allow, or breaks the decoder.
        InvalidInput: whatever the function raises of this kind.
        EngineUnavailable: the process cannot be started.
    """

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        request = pickle.dumps((function, filename, limits, args, kwargs))
        answered = _child().ask(request)
        if answered == KILLED:
            answered = _child().ask(request)
        if isinstance(answered, int):
            raise _why_it_ended(answered, filename, limits)
        head, payload = answered
        result: T = _result(get_type_hints(function)["return"], json.loads(head), payload)
        return result

    return call


def _result(expected: Any, head: dict[str, Any], payload: bytes) -> Any:
    if "value" in head:
        if isinstance(expected, type) and issubclass(expected, BlobValue):
            return expected.model_validate(head["value"] | {"payload": payload})
        return TypeAdapter(expected).validate_python(head["value"])
    kind = getattr(errors, str(head["error"]), None)
    if isinstance(kind, type) and issubclass(kind, InvalidInput):
        raise kind(head["message"])
    raise RuntimeError(f"The decoding process failed:\n{head['message']}")


def _why_it_ended(status: int, filename: str, limits: Limits) -> InvalidVideo:
    if status == -signal.SIGXCPU:
        limit = f"{limits.max_decode_seconds:g} CPU seconds"
        return beyond(filename, "takes longer to decode", limit, "MAX_DECODE_SECONDS")
    return InvalidVideo(
        f"{filename} cannot be decoded, as it ends the decoder ({_how(status)}): export it again."
    )


def _how(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


class _Child:
    """The decoding process, which serves one call at a time."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        # The same modules as here.
        kept["PYTHONPATH"] = os.pathsep.join(
            [str(Path(__file__).parents[2]), *filter(None, sys.path)]
        )
        module = "pitchquest_assets.media.decoding_process"
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(self.owner)],
            env=kept | ONE_THREAD | NO_PLUGINS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; it ends when we do
        )

    def is_alive(self) -> bool:
        """Whether it can be asked by this process."""
        return self.owner == os.getpid() and self._process.poll() is None

    def ask(self, request: bytes) -> tuple[bytes, bytes] | int:
        """Send a request; return the answer and its payload, or the exit status if it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            try:
                send(self._process.stdin, request)
                return receive(self._process.stdout), receive(self._process.stdout)
            except (EOFError, BrokenPipeError):
                return self._process.wait(STOP_SECONDS)
            except BaseException:  # interrupted, so the next answer would be that of this request
                self.stop()
                raise

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            # To close flushes what a dead process was not sent.
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()


_running: _Child | None = None
_starting = threading.Lock()


def _child() -> _Child:
    global _running
    with _starting:
        if _running is None or not _running.is_alive():
            stop()
            _running = _started()
        return _running


def _started() -> _Child:
    """A process that answers; one that is killed from outside is started once more."""
    child = _Child()
    answered = child.ask(b"")
    if answered == KILLED:
        child.stop()
        child = _Child()
        answered = child.ask(b"")
    if isinstance(answered, int):
        child.stop()
        raise EngineUnavailable(
            f"The process that decodes videos does not start ({_how(answered)}): check the "
            "free memory and the installation."
        )
    return child


@atexit.register
def stop() -> None:
    """End the decoding process, if this process has one; the next call starts another."""
    global _running
    if _running is not None and _running.owner == os.getpid():
        _running.stop()
    _running = None

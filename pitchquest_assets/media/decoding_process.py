"""The decoding process: does what `media.decoding` asks for, under bounds of the operating system.

Run as `python -m pitchquest_assets.media.decoding_process PARENT_ID`; requests come on standard
input, answers go to standard output.
"""

import ctypes
import gc
import json
import math
import os
import pickle
import resource
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, get_type_hints

from pydantic import TypeAdapter

from pitchquest_assets.errors import InvalidInput
from pitchquest_assets.media.messages import receive, send
from pitchquest_assets.media.untrusted import Limits
from pitchquest_assets.model import BlobValue

# `Decoder` checks the same limit between two packets, and says so more kindly.
CPU_GRACE_SECONDS = 5
PARENT_LOOK_SECONDS = 1.0
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_STATM = Path("/proc/self/statm")


def main(parent: int) -> None:
    """Serve requests until there are no more, or the parent is gone."""
    # What is loaded stays to the end: garbage is not to be looked for in it.
    gc.freeze()
    leave_network()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with suppress(EOFError, BrokenPipeError):
        while True:
            _serve(receive(sys.stdin.buffer), answers)


def leave_network() -> None:
    """Have no network from here on, where Linux allows it."""
    # Root keeps its rights over files only without a user namespace of its own.
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).unshare(flags)


def bound(limits: Limits) -> None:
    """Bound memory and CPU time from here on; write no file and no core dump."""
    sys.dont_write_bytecode = True
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    cpu_seconds = time.process_time() + limits.max_decode_seconds + CPU_GRACE_SECONDS
    _lower(resource.RLIMIT_CPU, math.ceil(cpu_seconds))
    with suppress(OSError):  # only Linux says, and bounds, how much address space is used
        used_bytes = int(_STATM.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, used_bytes + round(limits.max_decode_memory_mb * 1e6))


def _lower(what: int, limit: int) -> None:
    _, most = resource.getrlimit(what)
    resource.setrlimit(what, (limit if most < 0 else min(limit, most), most))


def _serve(request: bytes, answers: IO[bytes]) -> None:
    """Answer one request; an empty one asks whether this process is ready."""
    head, payload = _answer(request) if request else ({}, b"")
    send(answers, json.dumps(head).encode())
    send(answers, payload)


def _answer(request: bytes) -> tuple[dict[str, Any], bytes]:
    function, filename, limits, args, kwargs = pickle.loads(request)
    bound(limits)
    try:
        value = function(*args, **kwargs)
        payload = value.payload if isinstance(value, BlobValue) else b""
        found = TypeAdapter(get_type_hints(function)["return"]).dump_python(value, mode="json")
        return {"value": found}, payload
    except InvalidInput as error:
        return {"error": type(error).__name__, "message": str(error)}, b""
    except MemoryError:
        sentence = (
            f"{filename} needs more than {limits.max_decode_memory_mb:g} MB of memory to decode: "
            "export it again, or raise PITCHQUEST_MAX_DECODE_MEMORY_MB."
        )
        return {"error": "InvalidVideo", "message": sentence}, b""
    except Exception:  # noqa: BLE001  # raised there, where it is asked for
        return {"error": "Exception", "message": traceback.format_exc()}, b""


def _end_with(parent: int) -> None:
    """End this process when its parent has; no more requests can come."""
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))

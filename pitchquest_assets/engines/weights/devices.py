"""Where a model computes: on a CUDA GPU if there is one, else on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pitchquest_assets.errors import EngineUnavailable

Device = Literal["cpu", "cuda"]
Wanted = Literal["auto", "cpu", "cuda"]


def choose_device(wanted: Wanted, *, gpus: int) -> Device:
    """Return the device to use, given how many GPUs a library sees.

    Raises:
        EngineUnavailable: a GPU was asked for, but there is none.
    """
    if wanted == "cuda" and not gpus:
        raise EngineUnavailable(
            "PITCHQUEST_DEVICE=cuda, but no CUDA GPU can be seen here: set it to auto or cpu."
        )
    return "cuda" if gpus and wanted != "cpu" else "cpu"


@contextmanager
def computing_on(device: Device) -> Iterator[None]:
    """Turn a failure of the GPU (no memory, no cuBLAS, no float16) into EngineUnavailable."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if device == "cpu":
            raise
        cause = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EngineUnavailable(
            f"The GPU failed ({cause}): free its memory, or set PITCHQUEST_DEVICE=cpu."
        ) from error

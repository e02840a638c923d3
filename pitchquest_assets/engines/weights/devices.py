"""Where a model computes: on a CUDA GPU where there is one, else on the processor."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pitchquest_assets.errors import EngineUnavailable

Device = Literal["cpu", "cuda"]
Wanted = Literal["auto", "cpu", "cuda"]


def choose_device(wanted: Wanted, *, gpus: int) -> Device:
    """The device in force, given how many GPUs a library sees.

    Raises:
        EngineUnavailable: a GPU was asked for by name and there is none.
    """
    if wanted == "cuda" and not gpus:
        raise EngineUnavailable(
            "PITCHQUEST_DEVICE=cuda, but no CUDA GPU can be seen here: set it to auto or cpu."
        )
    return "cuda" if gpus and wanted != "cpu" else "cpu"


@contextmanager
def computing_on(device: Device) -> Iterator[None]:
    """What fails on a GPU (no memory, no cuBLAS, no float16) becomes one sentence."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if device == "cpu":
            raise
        cause = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EngineUnavailable(
            f"The GPU failed ({cause}): free its memory, or set PITCHQUEST_DEVICE=cpu."
        ) from error

"""The programs in `benchmarks/`, which are in no package."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from pitchquest_assets_tests.support.places import ROOT


@contextmanager
def benchmark(name: str) -> Iterator[ModuleType]:
    """Give the program of that name as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[name]

"""Opens neural networks in ONNX files, to be run by onnxruntime on one thread of the CPU."""

from pathlib import Path
from typing import Any


def open_network(path: Path) -> Any:
    """Return an `onnxruntime.InferenceSession`; onnxruntime's own errors if it cannot be loaded."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    # An arena would keep the memory of the largest input to the end.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

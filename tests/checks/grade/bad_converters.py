"""Converters that misbehave, by name; all but for some cases they convert with onnxruntime."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from padcheck.frameworks.onnx.sessions import session

Function = Callable[[np.ndarray], Any]


def _kernel(model: onnx.ModelProto) -> int:
    """The first number of kernel_shape, by which the faults choose."""
    (node,) = [node for node in model.graph.node if node.op_type != "Pad"]
    return next(int(item.ints[0]) for item in node.attribute if item.name == "kernel_shape")


def right(model: onnx.ModelProto) -> Function:
    print("a converter may print")
    sys.stderr.write("wherever it likes\n")
    return session(model, optimized=False)


def dies(model: onnx.ModelProto) -> Function:
    """At kernels of 3 the process is killed."""
    if _kernel(model) == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    return session(model, optimized=False)


def hangs(model: onnx.ModelProto) -> Function:
    if _kernel(model) == 3:
        time.sleep(600)
    return session(model, optimized=False)


def refuses(model: onnx.ModelProto) -> Function:
    if _kernel(model) == 3:
        raise NotImplementedError(f"kernels of {_kernel(model)}\nare not supported")
    return session(model, optimized=False)


def refuses_to_run(model: onnx.ModelProto) -> Function:
    def run(x: np.ndarray) -> np.ndarray:
        raise ValueError("cannot be run")

    return run


def leaves_as_it_runs(model: onnx.ModelProto) -> Function:
    return lambda x: sys.exit("no more")


def tells_its_backend(model: onnx.ModelProto) -> Function:
    raise ValueError(os.environ.get("KERAS_BACKEND"))


def in_doubles(model: onnx.ModelProto) -> Function:
    run = session(model, optimized=False)
    return lambda x: run(x).astype(np.float64)


def a_little_more(model: onnx.ModelProto) -> Function:
    run = session(model, optimized=False)
    return lambda x: run(x) * np.float32(1.0005)


def returns_nothing(model: onnx.ModelProto) -> Function:
    return lambda x: None


def grows(model: onnx.ModelProto) -> Function:
    """Keeps 64 MiB of each model."""
    _KEPT.append(np.ones((64, 1 << 18), np.float32))
    return session(model, optimized=False)


def differs_each_time(model: onnx.ModelProto) -> Function:
    run = session(model, optimized=False)
    _KEPT.append(np.zeros(1, np.float32))
    return lambda x: run(x) + len(_KEPT)


_KEPT: list[np.ndarray] = []

"""onnxruntime's sessions: a model of one input as a function on arrays; CPU."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework, translated

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

__all__ = ["inference_session", "quiet_options", "runtime", "session", "session_code"]


@functools.cache
def runtime() -> Any:
    """The module onnxruntime; raises MissingFramework where it is not installed."""
    return import_framework("onnxruntime", extra="onnxruntime")


def quiet_options() -> Any:
    """Session options with which what is wrong comes as an exception, and nothing on stderr."""
    options = runtime().SessionOptions()
    options.log_severity_level = 4  # fatal
    return options


def inference_session(model: bytes, *, optimized: bool) -> Any:
    """A session at onnxruntime's default level of optimization, or with none; one thread.

    Raises what onnxruntime raises.
    """
    ort = runtime()
    options = quiet_options()
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def session(
    model: bytes | ModelProto, *, optimized: bool
) -> Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    """The model's only input -> its first output, as onnxruntime computes it.

    Raises FrameworkError for whatever onnxruntime raises; so does the function.
    """
    ort = runtime()
    stored = model if isinstance(model, bytes) else model.SerializeToString()
    with translated("onnxruntime", ort.__version__):
        opened = inference_session(stored, optimized=optimized)
        (entry,) = opened.get_inputs()

    def run(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        with translated("onnxruntime", ort.__version__):
            output: np.ndarray[Any, Any] = opened.run(None, {entry.name: x})[0]
        return output

    return run


def session_code(optimized: bool) -> tuple[str, ...]:
    """Lines that compute y from `model` and x; need `onnxruntime`."""
    if optimized:
        options = ["session = onnxruntime.InferenceSession(model.SerializeToString())"]
    else:
        options = [
            "options = onnxruntime.SessionOptions()",
            "level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL",
            "options.graph_optimization_level = level",
            "session = onnxruntime.InferenceSession(model.SerializeToString(), options)",
        ]
    return (*options, "y = session.run(None, {session.get_inputs()[0].name: x})[0]")

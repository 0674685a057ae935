"""ONNX models of one node, and both sides of a conversion on the same integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from padcheck.frameworks.onnx2keras.conversion import convert

CHANNELS = 2


def integers(*shape: int) -> np.ndarray:
    """Seeded by the shape, -4..4."""
    return np.random.default_rng(sum(shape)).integers(-4, 5, shape).astype(np.float32)


def conv(*kernel: int, op: str = "Conv", out: int = 3, bias: bool = False, **words: Any) -> Any:
    """A convolution of two channels; `words` are attributes."""
    group = words.get("group", 1)
    channels = (out, CHANNELS // group) if op == "Conv" else (CHANNELS, out // group)
    arrays = [integers(*channels, *kernel), *([integers(out)] if bias else [])]
    return one_node(op, arrays, kernel_shape=kernel, **words)


def pool(op: str, *kernel: int, **words: Any) -> onnx.ModelProto:
    """A pool; `words` are attributes."""
    return one_node(op, [], kernel_shape=kernel, **words)


def one_node(op: str, arrays: list[np.ndarray], opset: int = 17, **words: Any) -> onnx.ModelProto:
    """Node `op`, input `x` with open sizes, output `y`."""
    rank = len(words.get("kernel_shape", (1, 1)))
    names = [f"w{index}" for index in range(len(arrays))]
    stored = [
        numpy_helper.from_array(array, name) for array, name in zip(arrays, names, strict=True)
    ]
    node = helper.make_node(op, ["x", *names], ["y"], name="op", **words)
    sizes = (1, CHANNELS, *("HWD"[:rank]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "one", [x], [y], stored)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def run_onnx(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    """The first output in onnxruntime, its optimizations off."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def run_keras(model: Any, x: np.ndarray, *, channels_last: bool) -> np.ndarray:
    """The output for x (N, C, *spatial) as (N, C, *spatial)."""
    y = np.asarray(model([np.moveaxis(x, 1, -1) if channels_last else x]))
    return np.moveaxis(y, -1, 1) if channels_last and y.ndim > 2 else y


def outcome(model: onnx.ModelProto, x: np.ndarray, *, change_ordering: bool) -> str:
    """`right`, `values` or `shape`: how the Keras model differs from the ONNX model on `x`."""
    shapes = {"x": x.shape}
    made = convert(model, change_ordering=change_ordering, input_shapes=shapes).model
    observed = run_keras(made, x, channels_last=change_ordering)
    expected = run_onnx(model, x)
    if observed.shape != expected.shape:
        return "shape"
    return "right" if np.array_equal(observed, expected) else "values"

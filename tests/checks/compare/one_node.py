"""ONNX models of one node, of fixed sizes, and what `compare` says of their conversion."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import padcheck
from padcheck.records import Report

__all__ = ["N1", "N2", "N3", "conv", "node", "pad", "pool", "via"]

#: Input sizes by the number of axes.
N1, N2, N3 = (12,), (8, 9), (5, 6, 7)
_SIZES = {1: N1, 2: N2, 3: N3}


def conv(
    *kernel: int, into: int = 2, out: int = 3, bias: bool = False, op: str = "Conv", **words: Any
) -> onnx.ModelProto:
    """A convolution of `into` channels; `words` are attributes."""
    group = words.get("group", 1)
    channels = (out, into // group) if op == "Conv" else (into, out // group)
    shapes = [(*channels, *kernel), *([(out,)] if bias else [])]
    arrays = [_integers(*shape) for shape in shapes]
    return node(op, _SIZES[len(kernel)], arrays, into=into, kernel_shape=kernel, **words)


def pool(op: str, *kernel: int, **words: Any) -> onnx.ModelProto:
    """A pool; `words` are attributes."""
    return node(op, _SIZES[len(kernel)], [], kernel_shape=kernel, **words)


def pad(*pads: int, mode: str = "constant", kernel: int | None = None) -> onnx.ModelProto:
    """A Pad of two axes, top, left, bottom, right; a max pool after it where `kernel` is given."""
    top, left, bottom, right = pads
    amounts = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
    model = node("Pad", N2, [amounts], mode=mode)
    if kernel is not None:
        model.graph.node[0].output[0] = "padded"
        size, ones = [kernel, kernel], [1, 1]
        pooled = helper.make_node(
            "MaxPool", ["padded"], ["y"], name="pool", kernel_shape=size, strides=ones
        )
        model.graph.node.append(pooled)
    return model


def node(
    op: str,
    size: tuple[int, ...],
    arrays: list[np.ndarray],
    *,
    into: int = 2,
    opset: int = 17,
    **words: Any,
) -> onnx.ModelProto:
    """Node `op`, input `x` of two images, output `y`; `words` are attributes."""
    stored = [numpy_helper.from_array(array, f"w{at}") for at, array in enumerate(arrays)]
    made = helper.make_node(op, ["x", *(one.name for one in stored)], ["y"], name="op", **words)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, into, *size))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([made], "one", [x], [y], stored)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def via(model: onnx.ModelProto, *, last: bool = False, **options: Any) -> Report:
    """`compare` with onnx2keras, `last` with its change_ordering."""
    return padcheck.compare(model, via="onnx2keras", change_ordering=last, **options)


def _integers(*shape: int) -> np.ndarray:
    """Seeded by the shape, -4..4, none of them 0."""
    drawn = np.random.default_rng(sum(shape)).integers(1, 5, shape)
    signs = np.random.default_rng(len(shape)).choice([-1, 1], shape)
    return (drawn * signs).astype(np.float32)

"""Small ONNX models for the plugin's tests: a chain of layers, of 2 channels each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

__all__ = ["Layer", "broken", "chain", "conv", "max_pool", "relu"]


@dataclass(frozen=True)
class Layer:
    """One node: its op type, its name, its attributes; a conv has a weight of its own."""

    op_type: str
    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    weight: int | None = None


def conv(name: str, *, stride: int = 1, weight: int | None = None, **attributes: Any) -> Layer:
    """3x3, pads of 1; by stride 2 it is not what SAME gives. `weight` seeds it."""
    told = {"kernel_shape": [3, 3], "strides": [stride, stride]} | attributes
    if "auto_pad" not in told:
        told.setdefault("pads", [1, 1, 1, 1])
    return Layer("Conv", name, told, -1 if weight is None else weight)


def max_pool(name: str, *, stride: int = 1) -> Layer:
    """3x3, pads of 1; by stride 2 it is not what SAME gives."""
    attributes = {"kernel_shape": [3, 3], "strides": [stride, stride], "pads": [1, 1, 1, 1]}
    return Layer("MaxPool", name, attributes)


def relu(name: str) -> Layer:
    """No window."""
    return Layer("Relu", name)


def broken(name: str) -> Layer:
    """A pool that cannot be checked: its stride is 0."""
    return Layer("MaxPool", name, {"kernel_shape": [3, 3], "strides": [0, 0]})


def chain(path: Path, *layers: Layer, source: str = "x", size: int = 8) -> Path:
    """Writes the model of these layers, one behind the other; returns its path."""
    nodes, weights, last = [], [], source
    for number, layer in enumerate(layers):
        inputs, last_made = [last], f"t{number}"
        if layer.weight is not None:
            seed = number if layer.weight < 0 else layer.weight
            array = np.random.default_rng(seed).normal(size=(2, 2, 3, 3)).astype(np.float32)
            weights.append(numpy_helper.from_array(array, f"w{number}"))
            inputs.append(f"w{number}")
        nodes.append(
            helper.make_node(layer.op_type, inputs, [last_made], layer.name, **layer.attributes)
        )
        last = last_made
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, [1, 2, size, size])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)],
        weights,
    )
    opset = [helper.make_opsetid("", 19)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path

"""Right converters of convs and pools with explicit pads, and what they return."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import torch

from padcheck.frameworks.onnx.sessions import session
from padcheck.frameworks.returned import LAST

Ends = tuple[str, str]


def to_onnx(model: onnx.ModelProto) -> onnx.ModelProto:
    return model


def to_array(model: onnx.ModelProto) -> Any:
    """A function on channels-last arrays."""
    return laid_out(model, (LAST, LAST), declares=False)


def to_torch(model: onnx.ModelProto) -> torch.nn.Module:
    """Convs alone."""
    (node,) = model.graph.node
    attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    arrays = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    weight = torch.from_numpy(arrays[0].copy())
    rank = weight.ndim - 2
    pads = attributes.get("pads", [0] * 2 * rank)
    made = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)[rank - 1](
        weight.shape[1], weight.shape[0], weight.shape[2:], attributes["strides"], bias=True
    )
    made.weight.data = weight
    made.bias.data = torch.from_numpy(arrays[1].copy()) if arrays[1:] else made.bias.data * 0
    amounts = [n for axis in reversed(range(rank)) for n in (pads[axis], pads[axis + rank])]
    fill = torch.nn.ConstantPad3d(tuple(amounts), 0.0)  # of any rank: it is F.pad
    return torch.nn.Sequential(fill, made)


def to_keras(model: onnx.ModelProto) -> Any:
    """Channels last, convs alone; its sizes are those of the ONNX model."""
    import keras

    weight, bias, strides, pads, x = _parts(model)
    rank = weight.ndim - 2
    entry = keras.Input((*x[2:], x[1]))
    padding = keras.layers.Lambda(lambda v: keras.ops.pad(v, [(0, 0), *pads, (0, 0)]))
    kinds = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
    layer = kinds[rank - 1](weight.shape[0], weight.shape[2:], strides)
    made = keras.Model(entry, layer(padding(entry)))
    layer.set_weights([np.moveaxis(weight, (0, 1), (-1, -2)), bias])
    return made


def to_tflite(model: onnx.ModelProto) -> bytes:
    """Channels last, convs alone; its batch is 1, other sizes are those of the ONNX model."""
    import tensorflow as tf

    weight, bias, strides, pads, x = _parts(model)
    kernel = np.ascontiguousarray(np.moveaxis(weight, (0, 1), (-1, -2)))

    def compute(x: Any) -> Any:
        padded = tf.pad(x, [(0, 0), *pads, (0, 0)])
        return tf.nn.convolution(padded, kernel, strides, "VALID") + bias

    spec = tf.TensorSpec((1, *x[2:], x[1]), tf.float32)
    function = tf.function(compute, input_signature=[spec]).get_concrete_function()
    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())


def laid_out(model: onnx.ModelProto, ends: Ends, *, declares: bool = False) -> Any:
    """The model by onnxruntime, with its input and its output each in a layout of its own.

    `declares`: as a ModelProto between Transpose nodes, whose shapes say so.
    """
    if declares:
        return _transposed(model, ends)
    run = session(model, optimized=False)

    def function(x: np.ndarray) -> np.ndarray:
        y = run(np.ascontiguousarray(np.moveaxis(x, -1, 1)) if ends[0] == LAST else x)
        return np.moveaxis(y, 1, -1) if ends[1] == LAST else y

    return function


def _transposed(model: onnx.ModelProto, ends: Ends) -> onnx.ModelProto:
    graph = model.graph
    for value, name, is_last in zip(
        (graph.input[0], graph.output[0]), ("x", "y"), (end == LAST for end in ends), strict=True
    ):
        if not is_last:
            continue
        dims = [dim.dim_value or dim.dim_param for dim in value.type.tensor_type.shape.dim]
        moved = [dims[0], *dims[2:], dims[1]]
        for node in graph.node:
            names = node.input if name == "x" else node.output
            for index, found in enumerate(names):
                names[index] = f"own_{name}" if found == name else found
        axes = list(range(len(dims)))
        perm = [0, axes[-1], *axes[1:-1]] if name == "x" else [0, *axes[2:], 1]
        between = (name, f"own_{name}") if name == "x" else (f"own_{name}", name)
        node = onnx.helper.make_node("Transpose", [between[0]], [between[1]], perm=perm)
        graph.node.insert(0 if name == "x" else len(graph.node), node)
        value.CopyFrom(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, moved))
    return model


def _parts(model: onnx.ModelProto) -> tuple[Any, ...]:
    """(weight, bias, strides, pads per axis, shape of x)."""
    (node,) = model.graph.node
    attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    weight, *bias = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    rank = weight.ndim - 2
    flat = attributes.get("pads", [0] * 2 * rank)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    return (
        weight,
        bias[0] if bias else np.zeros(weight.shape[0], np.float32),
        tuple(attributes["strides"]),
        list(zip(flat[:rank], flat[rank:], strict=True)),
        [dim.dim_value or None for dim in dims],
    )


def fails_deep_down() -> None:
    """Raises an error without a text."""
    _deeper()


def _deeper() -> None:
    np.apply_along_axis(_fails, 0, np.zeros(1))


def _fails(x: np.ndarray) -> None:
    raise AssertionError

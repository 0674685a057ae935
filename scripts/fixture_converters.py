"""A naive converter from some of the ONNX fixtures to Keras.

It knows the ops of those networks and no others. It writes the pads of the ONNX file as a
ZeroPadding2D before a VALID op, and `padding="same"` where it is told to be wrong. Layer names are
its own; channels go last.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

__all__ = ["Faults", "convert"]

NORMALIZATION_EPSILON = 1e-3  # Keras's own default


@dataclass(frozen=True, slots=True)
class Faults:
    """What the converter gets wrong: layers of its own, by name; `same` None is all that pad."""

    same: tuple[str, ...] | None = ()
    bias_lost: tuple[str, ...] = ()


class Converter:
    """One ONNX graph on its way to a functional Keras model."""

    def __init__(self, graph: onnx.GraphProto, faults: Faults, *, normalized: bool) -> None:
        self.graph, self.faults, self.normalized = graph, faults, normalized
        arrays = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
        self.values: dict[str, Any] = arrays
        self.counts: dict[str, int] = {}
        self.weights: list[tuple[Any, list[np.ndarray]]] = []
        self.random = np.random.default_rng(0)

    def name(self, kind: str) -> str:
        """conv_01, conv_02, ...: in the order of the graph."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}_{self.counts[kind]:02d}"

    def model(self, name: str) -> Any:
        """The Keras model with its weights set."""
        import keras

        value = self.graph.input[0]
        batch, channels, *spatial = (dim.dim_value for dim in value.type.tensor_type.shape.dim)
        x = keras.Input((*spatial, channels), batch_size=batch, name="image")
        self.values[value.name] = x
        for node in self.graph.node:
            made = getattr(self, node.op_type)(node, attributes(node))
            self.values[node.output[0]] = made
        model = keras.Model(x, self.values[self.graph.output[0].name], name=name)
        for layer, weights in self.weights:
            layer.set_weights(weights)
        return model

    def padded(self, name: str, x: Any, options: dict[str, Any]) -> tuple[Any, str]:
        """`x` with the pads of op `name`, and the word for what the op still pads itself."""
        import keras

        top, left, bottom, right = options.get("pads", (0, 0, 0, 0))
        if not any((top, left, bottom, right)):
            return x, "valid"
        if self.faults.same is None or name in self.faults.same:
            return x, "same"
        pads = ((top, bottom), (left, right))
        return keras.layers.ZeroPadding2D(pads, name=self.name("pad"))(x), "valid"

    def Conv(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        weight, bias = (self.values[name] for name in node.input[1:])
        depthwise = options["group"] > 1
        if depthwise and not options["group"] == len(weight):
            raise ValueError(f"{node.name}: a group convolution that is not depthwise")
        name = self.name("depthwise" if depthwise else "conv")
        x, padding = self.padded(name, self.values[node.input[0]], options)
        lost = name in self.faults.bias_lost
        words = {
            "kernel_size": weight.shape[2:],
            "strides": options["strides"],
            "padding": padding,
            "use_bias": not (lost or self.normalized),
            "name": name,
        }
        if depthwise:
            kernel, made = weight.transpose(2, 3, 0, 1), keras.layers.DepthwiseConv2D(**words)
        else:
            kernel, made = weight.transpose(2, 3, 1, 0), keras.layers.Conv2D(len(weight), **words)
        y = made(x)
        if self.normalized:
            return self.normalization(y, made, kernel, bias)
        self.weights.append((made, [kernel] if lost else [kernel, bias]))
        return y

    def normalization(self, y: Any, conv: Any, kernel: np.ndarray, bias: np.ndarray) -> Any:
        """A BatchNormalization after `conv`: the exporter's folding undone with other numbers."""
        import keras

        count = len(bias)
        gamma, variance = self.random.uniform(0.5, 2, (2, count)).astype(np.float32)
        mean = self.random.normal(0, 0.5, count).astype(np.float32)
        scale = gamma / np.sqrt(variance + np.float32(NORMALIZATION_EPSILON))
        made = keras.layers.BatchNormalization(
            epsilon=NORMALIZATION_EPSILON, name=self.name("normalization")
        )
        self.weights.append((conv, [kernel / scale]))
        self.weights.append((made, [gamma, bias + mean * scale, mean, variance]))
        return made(y)

    def MaxPool(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        name = self.name("max_pool")
        x, padding = self.padded(name, self.values[node.input[0]], options)
        size, strides = options["kernel_shape"], options["strides"]
        return keras.layers.MaxPooling2D(size, strides, padding, name=name)(x)

    def Relu(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        return keras.layers.ReLU(name=self.name("relu"))(self.values[node.input[0]])

    def LeakyRelu(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        slope = round(options["alpha"], 6)
        layer = keras.layers.LeakyReLU(slope, name=self.name("leaky_relu"))
        return layer(self.values[node.input[0]])

    def Clip(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        low, high = (float(self.values[name]) for name in node.input[1:])
        if low:
            raise ValueError(f"{node.name}: clips at {low}, not at 0")
        return keras.layers.ReLU(high, name=self.name("relu"))(self.values[node.input[0]])

    def Add(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        return keras.layers.Add(name=self.name("add"))([self.values[name] for name in node.input])

    def ReduceMean(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        return keras.layers.GlobalAveragePooling2D(name="pool")(self.values[node.input[0]])

    def Reshape(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        return self.values[node.input[0]]  # (N, C, 1, 1) to (N, C): the pool before did it

    def Gemm(self, node: onnx.NodeProto, options: dict[str, Any]) -> Any:  # noqa: N802
        import keras

        weight, bias = (self.values[name] for name in node.input[1:])
        dense = keras.layers.Dense(len(bias), name="classifier")
        y = dense(self.values[node.input[0]])
        self.weights.append((dense, [weight.T if options["transB"] else weight, bias]))
        return y


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python values."""
    return {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}


def convert(source: Path, faults: Faults, *, name: str, normalized: bool = False) -> Any:
    """The Keras model of an ONNX file.

    `normalized`: convolutions have no bias but a BatchNormalization after them, as before the
    exporter folded it. Raises AttributeError for an op that the converter does not know.
    """
    return Converter(onnx.load(source).graph, faults, normalized=normalized).model(name)

"""Small ONNX networks with random weights, and copies of them with one thing changed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["NETS", "Builder", "attribute", "copy", "node_of", "rewired", "weight", "without"]

Array = np.ndarray[Any, Any]


class Builder:
    """A graph in the making; a node's output has the node's name, its weight is `name.w`."""

    def __init__(self, *shape: int, opset: int = 17) -> None:
        self.shape, self.opset = shape, opset
        self.nodes: list[onnx.NodeProto] = []
        self.held: list[onnx.TensorProto] = []

    def node(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def hold(self, name: str, array: Array) -> str:
        self.held.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def drawn(self, name: str, *shape: int, scale: float = 1.0) -> Array:
        """Normal numbers that depend on the name alone."""
        generator = np.random.default_rng(zlib.crc32(name.encode()))
        return (generator.standard_normal(shape) * scale).astype(np.float32)

    def weighted(
        self, op: str, name: str, data: str, shape: Sequence[int], bias: int, **attributes: Any
    ) -> str:
        inputs = [data]
        if f"{name}.w" not in {each.name for each in self.held}:
            fan = int(np.prod(shape)) // shape[0]
            self.hold(f"{name}.w", self.drawn(f"{name}.w", *shape, scale=(2 / fan) ** 0.5))
        inputs.append(f"{name}.w")
        if bias:
            inputs.append(self.hold(f"{name}.b", self.drawn(f"{name}.b", bias, scale=0.5)))
        return self.node(op, name, *inputs, **attributes)

    def conv(
        self,
        name: str,
        data: str,
        c_in: int,
        c_out: int,
        *kernel: int,
        bias: bool = True,
        **more: Any,
    ) -> str:
        shape = (c_out, c_in // more.get("group", 1), *kernel)
        return self.weighted("Conv", name, data, shape, c_out if bias else 0, **more)

    def transposed(
        self,
        name: str,
        data: str,
        c_in: int,
        c_out: int,
        *kernel: int,
        bias: bool = True,
        **more: Any,
    ) -> str:
        shape = (c_in, c_out // more.get("group", 1), *kernel)
        return self.weighted("ConvTranspose", name, data, shape, c_out if bias else 0, **more)

    def norm(self, name: str, data: str, channels: int, epsilon: float = 1e-5) -> str:
        """BatchNormalization as after training: variances from 0.002 to 1."""
        parts = {
            "scale": 1 + self.drawn(f"{name}.scale", channels, scale=0.2),
            "shift": self.drawn(f"{name}.shift", channels, scale=0.3),
            "mean": self.drawn(f"{name}.mean", channels, scale=0.2),
            "var": np.linspace(0.05, 1, channels, dtype=np.float32),
        }
        held = [self.hold(f"{name}.{part}", array) for part, array in parts.items()]
        return self.node("BatchNormalization", name, data, *held, epsilon=epsilon)

    def clip(self, name: str, data: str, low: float = 0.0, high: float = 6.0) -> str:
        bounds = [
            self.hold(f"{name}.{end}", np.float32(bound))
            for end, bound in (("low", low), ("high", high))
        ]
        return self.node("Clip", name, data, *bounds)

    def pad(self, name: str, data: str, pads: Sequence[int], mode: str, value: float = 0.0) -> str:
        inputs = [data, self.hold(f"{name}.pads", np.array(pads, np.int64))]
        if mode == "constant":
            inputs.append(self.hold(f"{name}.value", np.float32(value)))
        return self.node("Pad", name, *inputs, mode=mode)

    def head(self, data: str, channels: int, classes: int = 5) -> str:
        """Global average, then a Gemm: takes maps of any size."""
        self.node("GlobalAveragePool", "gap", data)
        self.node("Flatten", "flat", "gap")
        self.hold("fc.w", self.drawn("fc.w", channels, classes))
        self.hold("fc.b", self.drawn("fc.b", classes))
        return self.node("Gemm", "fc", "flat", "fc.w", "fc.b")

    def model(self, *outputs: str) -> onnx.ModelProto:
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        start = helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)
        graph = helper.make_graph(self.nodes, "net", [start], ends, self.held)
        opset = helper.make_opsetid("", self.opset)
        made = helper.make_model(graph, opset_imports=[opset], ir_version=8)
        made = onnx.shape_inference.infer_shapes(made, strict_mode=True)
        del made.graph.value_info[:]
        onnx.checker.check_model(made)
        return made


def straight() -> onnx.ModelProto:
    """As classifiers are: BatchNormalization, Relu, Clip, all kinds of convolution, a head."""
    net = Builder(1, 3, 34, 30)
    net.conv("stem", "x", 3, 8, 7, 5, bias=False, strides=[2, 2], pads=[3, 2, 3, 2])
    net.node("Relu", "stem_relu", net.norm("stem_bn", "stem", 8))
    net.node("MaxPool", "pool", "stem_relu", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    net.conv("depth", "pool", 8, 8, 3, 3, group=8, strides=[2, 1], pads=[1, 1, 1, 1])
    net.clip("depth_six", "depth")
    net.conv("groups", "depth_six", 8, 12, 3, 3, group=4, pads=[1, 0, 1, 2])
    net.node("Relu", "groups_relu", "groups")
    net.conv("wide", "groups_relu", 12, 8, 3, 3, dilations=[1, 2], pads=[1, 2, 1, 2])
    net.node("Relu", "wide_relu", "wide")
    net.node("AveragePool", "mean", "wide_relu", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    net.conv("point", "mean", 8, 8, 1, 1)
    return net.model(net.head("point", 8))


def joined() -> onnx.ModelProto:
    """A residual sum and branches that are concatenated; every activation signed where it can."""
    net = Builder(2, 4, 20, 23)
    net.conv("stem", "x", 4, 8, 4, 4, strides=[2, 2], pads=[1, 1, 1, 1])
    net.conv("left", "stem", 8, 8, 3, 3, pads=[1, 1, 1, 1])
    net.node("Relu", "left_relu", "left")
    net.conv("right", "left_relu", 8, 8, 3, 3, bias=False, auto_pad="SAME_UPPER")
    net.node("Relu", "sum_relu", net.node("Add", "sum", "right", "stem"))
    net.conv("one", "sum_relu", 8, 4, 1, 1)
    net.conv("five", "sum_relu", 8, 4, 5, 5, pads=[2, 2, 2, 2])
    net.node("MaxPool", "peak", "five", kernel_shape=[3, 2], strides=[1, 1], pads=[1, 0, 1, 1])
    net.node(
        "AveragePool",
        "mean",
        "stem",
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        count_include_pad=1,
    )
    net.node("Concat", "cat", "one", "peak", "mean", axis=1)
    net.conv("last", "cat", 16, 6, 3, 3, strides=[2, 2], auto_pad="SAME_LOWER")
    return net.model("last")


def upwards() -> onnx.ModelProto:
    """An hourglass: strided down, transposed up, a Resize and a Softmax."""
    net = Builder(1, 3, 16, 18)
    net.conv("down", "x", 3, 6, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    net.node("Relu", "down_relu", "down")
    net.transposed("up", "down_relu", 6, 4, 4, 4, strides=[2, 2], pads=[1, 1, 1, 1])
    net.node("LeakyRelu", "up_leaky", "up", alpha=0.1)
    net.node("MaxPool", "pool", "up_leaky", kernel_shape=[2, 2], strides=[2, 2])
    net.transposed(
        "odd", "pool", 4, 4, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]
    )
    net.hold("sizes", np.array([1, 1, 1.5, 2], np.float32))
    net.node(
        "Resize",
        "larger",
        "odd",
        "",
        "sizes",
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    net.transposed("groups", "larger", 4, 6, 2, 3, group=2, strides=[2, 1], pads=[0, 1, 0, 1])
    net.conv("score", "groups", 6, 4, 3, 3, pads=[1, 1, 1, 1])
    return net.model(net.node("Softmax", "soft", "score", axis=1))


def line() -> onnx.ModelProto:
    """1-D: causal, dilated, depthwise, pools on signed data."""
    net = Builder(1, 4, 45)
    net.conv("causal", "x", 4, 8, 3, pads=[2, 0])
    net.node("Tanh", "causal_tanh", "causal")
    net.conv("dilated", "causal_tanh", 8, 8, 3, dilations=[4], pads=[8, 0])
    net.node("MaxPool", "peak", "dilated", kernel_shape=[3], strides=[2], pads=[1, 1])
    net.conv("depth", "peak", 8, 8, 5, group=8, pads=[2, 2], bias=False)
    net.node("Relu", "depth_relu", net.norm("depth_bn", "depth", 8))
    net.node("AveragePool", "mean", "depth_relu", kernel_shape=[4], strides=[2], ceil_mode=1)
    net.transposed("up", "mean", 8, 4, 5, strides=[3], pads=[1, 1], output_padding=[1])
    net.conv("last", "up", 4, 3, 3, strides=[2], pads=[1, 1])
    return net.model("last")


def solid() -> onnx.ModelProto:
    """3-D: strided, only in depth, pools of both kinds, grouped."""
    net = Builder(1, 2, 8, 10, 9)
    net.conv("stem", "x", 2, 6, 3, 3, 3, strides=[1, 2, 2], pads=[1] * 6)
    net.node(
        "MaxPool", "peak", "stem", kernel_shape=[1, 3, 3], strides=[1, 2, 2], pads=[0, 1, 1] * 2
    )
    net.conv("time", "peak", 6, 6, 3, 1, 1, group=2, pads=[2, 0, 0, 0, 0, 0])
    net.node("Relu", "time_relu", "time")
    net.node("AveragePool", "mean", "time_relu", kernel_shape=[2, 2, 2], pads=[1, 1, 0, 0, 0, 1])
    net.conv("point", "mean", 6, 4, 1, 1, 1)
    net.conv("last", "point", 4, 4, 2, 3, 3, strides=[2, 1, 1], pads=[0, 1, 1] * 2)
    return net.model(net.head("last", 4))


def borders() -> onnx.ModelProto:
    """Pads of their own before the ops, in every mode; ceil_mode and its overhang."""
    net = Builder(1, 3, 21, 17)
    net.pad("mirror", "x", [0, 0, 1, 2, 0, 0, 1, 2], "reflect")
    net.conv("first", "mirror", 3, 6, 3, 5)
    net.pad("repeat", "first", [0, 0, 2, 1, 0, 0, 1, 1], "edge")
    net.conv("second", "repeat", 6, 6, 4, 3, strides=[2, 2])
    net.pad("filled", "second", [0, 0, 1, 1, 0, 0, 1, 1], "constant", value=-0.5)
    net.node("MaxPool", "peak", "filled", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    net.conv("third", "peak", 6, 8, 3, 3, pads=[1, 1, 1, 1])
    net.node(
        "AveragePool",
        "mean",
        "third",
        kernel_shape=[3, 3],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        ceil_mode=1,
        count_include_pad=1,
    )
    net.conv("last", "mean", 8, 4, 1, 1)
    return net.model("last")


def shared() -> onnx.ModelProto:
    """One weight used at three places, at strides and dilations of their own."""
    net = Builder(1, 6, 24, 24)
    net.hold("shared", net.drawn("shared", 6, 6, 3, 3, scale=0.2))
    for name, data, more in (
        ("one", "x", {"pads": [1, 1, 1, 1]}),
        ("two", "one_relu", {"pads": [2, 2, 2, 2], "dilations": [2, 2]}),
        ("three", "two_relu", {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    ):
        net.node(
            "Conv", name, data, "shared", net.hold(f"{name}.b", net.drawn(f"{name}.b", 6)), **more
        )
        net.node("Relu", f"{name}_relu", name)
    net.node("MaxPool", "pool", "three_relu", kernel_shape=[2, 2], strides=[2, 2])
    net.conv("last", "pool", 6, 6, 3, 3, pads=[1, 1, 1, 1])
    return net.model(net.head("last", 6))


NETS: dict[str, Callable[[], onnx.ModelProto]] = {
    each.__name__: each for each in (straight, joined, upwards, line, solid, borders, shared)
}


def copy(model: onnx.ModelProto) -> onnx.ModelProto:
    made = onnx.ModelProto()
    made.CopyFrom(model)
    return made


def node_of(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.name == name)


def held(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(each for each in model.graph.initializer if each.name == name)


def attribute(model: onnx.ModelProto, name: str, **values: Any) -> onnx.ModelProto:
    """A copy with some attributes of one node others; None takes one away."""
    made = copy(model)
    node = node_of(made, name)
    for key, value in values.items():
        kept = [each for each in node.attribute if each.name != key]
        del node.attribute[:]
        node.attribute.extend(kept)
        if value is not None:
            node.attribute.append(helper.make_attribute(key, value))
    return made


def weight(model: onnx.ModelProto, name: str, change: Callable[[Array], Any]) -> onnx.ModelProto:
    """A copy with one initializer put through a function."""
    made = copy(model)
    tensor = held(made, name)
    array = np.ascontiguousarray(change(numpy_helper.to_array(tensor).copy()))
    tensor.CopyFrom(numpy_helper.from_array(array, name))
    return made


def without(model: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """A copy without a node: its readers read what it read."""
    made = copy(model)
    node = node_of(made, name)
    rename(made, node.output[0], node.input[0])
    made.graph.node.remove(node)
    return made


def rename(model: onnx.ModelProto, old: str, new: str) -> None:
    """Whoever reads `old` reads `new`."""
    for each in model.graph.node:
        for at, name in enumerate(each.input):
            if name == old:
                each.input[at] = new


def rewired(model: onnx.ModelProto, name: str, op: str, **attributes: Any) -> onnx.ModelProto:
    """A copy in which one node is another op on the same data."""
    made = copy(model)
    node = node_of(made, name)
    new = helper.make_node(op, [node.input[0]], list(node.output), name=name, **attributes)
    node.CopyFrom(new)
    return made


def exchanged(model: onnx.ModelProto, name: str, op: str) -> onnx.ModelProto:
    """A copy in which one node is another op on the same inputs."""
    made = copy(model)
    node_of(made, name).op_type = op
    return made


def add_weight(model: onnx.ModelProto, name: str, array: Any) -> str:
    """Puts a constant into a model."""
    model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
    return name


def before(
    model: onnx.ModelProto,
    node: onnx.NodeProto,
    op: str,
    *inputs: str,
    turn: int = 0,
    **more: Any,
) -> None:
    """Puts a node between another one and the data it reads; `turn` tells several apart."""
    name = f"{node.name}_{op.lower()}{turn or ''}"
    new = helper.make_node(op, [node.input[0], *inputs], [name], name=name, **more)
    node.input[0] = name
    model.graph.node.insert(list(model.graph.node).index(node), new)


def after(model: onnx.ModelProto, node: onnx.NodeProto, op: str, *inputs: str, **more: Any) -> None:
    """Puts a node between another one and whoever reads it."""
    name = f"{node.name}_{op.lower()}"
    new = helper.make_node(op, [name, *inputs], [node.output[0]], name=name, **more)
    at = list(model.graph.node).index(node)
    node.output[0] = name
    model.graph.node.insert(at + 1, new)


def refilled(model: onnx.ModelProto, name: str, value: float) -> onnx.ModelProto:
    """A copy in which a pool's own pads are a Pad before it, with a fill."""
    made = copy(model)
    node = node_of(made, name)
    amounts = next(each.ints for each in node.attribute if each.name == "pads")
    half = len(amounts) // 2
    full = np.array([0, 0, *amounts[:half], 0, 0, *amounts[half:]], np.int64)
    held_pads = add_weight(made, f"{name}.amounts", full)
    before(made, node, "Pad", held_pads, add_weight(made, f"{name}.fill", np.float32(value)))
    return attribute(made, name, pads=None)


def reclipped(model: onnx.ModelProto, name: str, low: float, high: float) -> onnx.ModelProto:
    """A copy in which a Relu is a Clip."""
    made = copy(model)
    node = node_of(made, name)
    node.op_type = "Clip"
    bounds = [add_weight(made, f"{name}.{bound:g}", np.float32(bound)) for bound in (low, high)]
    node.input.extend(bounds)
    return made

"""Small ONNX models for the reader's tests; weights have shapes and no values."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from padcheck.frameworks.onnx.reader import read_model
from padcheck.records import Site

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64

WINDOWED = {
    "AveragePool", "Conv", "ConvInteger", "ConvTranspose", "LpPool", "MaxPool", "QLinearConv",
}  # fmt: skip


def node(op_type: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    """A node; names of inputs and outputs apart by blanks, `_` for one that is left out."""
    names = [["" if name == "_" else name for name in text.split()] for text in (inputs, outputs)]
    return helper.make_node(op_type, *names, **attributes)


def tensor(name: str, *dims: int, elem: int = FLOAT) -> onnx.TensorProto:
    """A weight without values."""
    return TensorProto(name=name, dims=dims, data_type=elem)


def ints(name: str, *values: int) -> onnx.TensorProto:
    """A 1-D int64 constant."""
    return helper.make_tensor(name, INT64, [len(values)], values)


def floats(name: str, *values: float, dims: Sequence[int] | None = None) -> onnx.TensorProto:
    """A float constant, 1-D unless dims are given."""
    return helper.make_tensor(name, FLOAT, [len(values)] if dims is None else dims, values)


def value(name: str, *dims: Any, elem: int = FLOAT) -> onnx.ValueInfoProto:
    """A graph input; a str or None is an open size."""
    return helper.make_tensor_value_info(name, elem, dims)


def names(*outputs: str) -> list[onnx.ValueInfoProto]:
    """Values of which nothing but the name is known."""
    return [onnx.ValueInfoProto(name=name) for name in outputs]


X = value("x", 1, 3, 8, 8)
W = tensor("w", 4, 3, 3, 3)


def model(
    *nodes: onnx.NodeProto,
    inputs: Sequence[onnx.ValueInfoProto] = (X,),
    constants: Sequence[Any] = (W,),
    outputs: Sequence[str] = ("y",),
    opset: int = 22,
    domains: Sequence[str] = (),
    functions: Sequence[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    """A model of these nodes, with the input x (1, 3, 8, 8) and the weight w (4, 3, 3, 3)."""
    graph = helper.make_graph(nodes, "g", inputs, names(*outputs), initializer=constants)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(one, 1) for one in domains)]
    return helper.make_model(graph, opset_imports=opsets, functions=functions, ir_version=10)


def one(*nodes: onnx.NodeProto, **more: Any) -> Site:
    """The only site of a model of these nodes."""
    (site,) = read_model(model(*nodes, **more)).sites
    return site


def sites(proto: onnx.ModelProto, **more: Any) -> dict[str, Site]:
    """The sites of a model by name."""
    return {site.name: site for site in read_model(proto, **more).sites}


def node_cases() -> dict[str, Any]:
    """onnx's own node tests of windowed ops, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    models = [case for case in cases if case.model is not None]
    return {
        case.name: case
        for case in models
        if any(node.op_type in WINDOWED for node in case.model.graph.node)
    }

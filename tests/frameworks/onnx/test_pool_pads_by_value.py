"""The numbers of a Pad and a pool: those of the spec's taps against onnxruntime, not optimized."""

import math

import numpy as np
import onnx
import pytest
from onnx import helper

from padcheck import oracle
from padcheck.frameworks.onnx.reader import read_model
from padcheck.records import OpKind
from tests.frameworks.onnx.reader_models import FLOAT, floats, ints, model, node, value

LEAST = float(np.finfo(np.float32).min)
POOLS = ("MaxPool", "AveragePool", "LpPool")

PAIRS = [((1, 1), (1, 1)), ((0, 1), (0, 1)), ((2, 0), (1, 2))]
HELD = [(0.0, "constant"), (-math.inf, "constant"), (5.0, "constant")]
HELD += [(0.0, mode) for mode in ("edge", "reflect")]
ATTRIBUTES = [
    {"kernel_shape": [3, 3], "strides": [2, 2]},
    {"kernel_shape": [2, 3], "strides": [1, 2]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 0, 1, 1]},
    {"kernel_shape": [3, 2], "strides": [2, 3], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "strides": [3, 2], "ceil_mode": 1, "pads": [0, 1, 1, 0]},
]
OPSETS = (2, 7, 11, 13, 18, 22)
RUN = [(opset, op_type) for opset in OPSETS for op_type in POOLS]
RUN.remove((2, "AveragePool"))  # onnxruntime has none before opset 7
CASES = [
    (opset, op_type, fill, mode, pairs, {**attributes, **more})
    for opset in OPSETS
    for op_type in POOLS
    for fill, mode in HELD
    for pairs in PAIRS
    for attributes in ATTRIBUTES
    for more in ({}, {"count_include_pad": 1})
    # ceil_mode came with opset 10 (LpPool: 18), count_include_pad with 7
    if not ("ceil_mode" in attributes and opset < (18 if op_type == "LpPool" else 10))
    and not (more and op_type != "AveragePool")
    and not (fill == -math.inf and op_type != "MaxPool")
]  # fmt: skip


def whole_model(opset, op_type, fill, mode, pairs, attributes):
    befores, afters = zip(*pairs, strict=True)
    amounts, constants = [0, 0, *befores, 0, 0, *afters], []
    if opset < 11:
        pad = node("Pad", "x", "a", mode=mode, pads=amounts, value=fill)
    else:
        pad = node("Pad", "x p v", "a", mode=mode)
        constants = [ints("p", *amounts), floats("v", fill, dims=[])]
    proto = model(
        pad,
        node(op_type, "a", "y", **attributes),
        inputs=[value("x", 1, 2, 7, 8)],
        constants=constants,
        opset=opset,
    )
    proto.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", FLOAT, [None] * 4))
    return proto


def by_onnxruntime(proto, x):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
    return session.run(None, {"x": x})[0]


def padded_input(proto, x):
    """What the Pad of the model makes of x."""
    alone = onnx.ModelProto()
    alone.CopyFrom(proto)
    del alone.graph.node[1]
    alone.graph.output[0].name = "a"
    return by_onnxruntime(alone, x)


@pytest.mark.parametrize(("opset", "op_type"), RUN)
def test_numbers_are_those_of_onnxruntime(opset, op_type):
    x = np.random.default_rng(0).integers(-9, 0, size=(1, 2, 7, 8)).astype(np.float32)
    wrong, folded = [], 0
    for case in CASES:
        if case[:2] != (opset, op_type):
            continue
        proto = whole_model(*case)
        (site,) = read_model(proto).sites
        folded += bool(site.folded)
        read = x if site.folded else padded_input(proto, x)
        made = oracle.evaluate(site.spec, read.astype(np.float64))
        observed = by_onnxruntime(proto, x).astype(np.float64)
        if site.spec.kind is OpKind.LP_POOL:
            observed = observed**site.spec.p
        expected = np.maximum(made.numerator, LEAST)  # onnxruntime's maximum over -inf alone
        same = observed.shape == expected.shape
        if not (same and np.array_equal(_whole(observed * made.divisor), _whole(expected))):
            wrong.append((*case, site.folded, site.notes))
    assert wrong == []
    assert folded >= 9


def _whole(numbers):
    return np.where(numbers > LEAST / 2, np.rint(numbers), LEAST)

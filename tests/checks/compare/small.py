"""Tiny ONNX models whose nodes are written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["EIGHT", "conv", "model", "node", "weights"]

node = helper.make_node
#: An input of 3 channels.
EIGHT = {"x": (1, 3, 8, 8)}


def weights(*shape: int) -> np.ndarray[Any, Any]:
    """Normal numbers, the same for the same shape, that keep a convolution's outputs near 1."""
    made = np.random.default_rng(sum(shape)).standard_normal(shape)
    return (made / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def conv(name: str, reads: str, gives: str, *others: str, **words: Any) -> onnx.NodeProto:
    """A convolution with weight `w_NAME` and, unless said otherwise, one row of pads all round."""
    words = {"pads": [1, 1, 1, 1], **words}
    return node("Conv", [reads, f"w_{name}", *others], [gives], name=name, **words)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Sequence[str],
    *,
    types: Mapping[str, str] | None = None,
    **constants: Any,
) -> onnx.ModelProto:
    """A checked model; `types` of inputs and outputs that are not FLOAT."""

    def value(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
        kind = getattr(TensorProto, (types or {}).get(name, "FLOAT"))
        return helper.make_tensor_value_info(name, kind, shape)

    graph = helper.make_graph(
        list(nodes),
        "small",
        [value(name, shape) for name, shape in inputs.items()],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(np.asarray(one), name) for name, one in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    made = onnx.shape_inference.infer_shapes(made, strict_mode=True)
    onnx.checker.check_model(made)
    return made

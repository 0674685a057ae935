"""Boxes that are ONNX models run by onnxruntime, at whatever size they are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

Box = Callable[..., np.ndarray]


def box(op_type: str, rank: int, *, inputs: int = 1, opset: int = 17, **attributes: Any) -> Box:
    """One node; `inputs` counts x, weight and bias."""
    names = ["x", "w", "b"][:inputs]
    node = helper.make_node(op_type, names, ["y"], **attributes)
    ranks = {"x": rank + 2, "w": rank + 2, "b": 1}
    graph = helper.make_graph(
        [node],
        "one",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * ranks[name])
            for name in names
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * (rank + 2))],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=onnx.IR_VERSION_2023_5_5
    )
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def run(*arrays: np.ndarray) -> np.ndarray:
        fed = dict(zip(names, arrays, strict=True))
        made: np.ndarray = session.run(None, fed)[0]
        return made

    return run

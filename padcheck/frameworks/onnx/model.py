"""A model of one op, of the nodes that a plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.onnx.plan import OPSET, NodePlan
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

__all__ = ["IR_VERSION", "arrays_of", "model_for", "power_of_norm"]

#: The oldest IR that goes with OPSET: https://github.com/onnx/onnx/blob/main/docs/Versioning.md
IR_VERSION = 10


def arrays_of(
    x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Name in the model -> float32 array, of those that are there: x, w, b."""
    import numpy as np

    named = {"x": x, "w": weight, "b": bias}
    return {
        name: np.ascontiguousarray(array, dtype=np.float32)
        for name, array in named.items()
        if array is not None
    }


def model_for(
    plan: NodePlan, arrays: dict[str, np.ndarray], *, constant: tuple[str, ...] = ()
) -> ModelProto:
    """A model of the plan's nodes from `arrays` to y; those in `constant` are initializers."""
    onnx = import_framework("onnx", extra="onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    initializers = [onnx.numpy_helper.from_array(arrays[name], name) for name in constant]
    nodes, first = [], "x"
    if plan.first is not None:
        initializers += [_amounts(onnx, plan), _fill(onnx, plan)]
        nodes.append(helper.make_node("Pad", ["x", "pads", "fill"], ["padded"], mode=plan.mode))
        first = "padded"
    inputs = [first, *(name for name in arrays if name != "x")]
    nodes.append(helper.make_node(plan.op_type, inputs, ["y"], **dict(plan.attributes)))
    graph = helper.make_graph(
        nodes,
        "padcheck",
        [
            helper.make_tensor_value_info(name, kind, array.shape)
            for name, array in arrays.items()
            if name not in constant
        ],
        [helper.make_tensor_value_info("y", kind, None)],
        initializers,
    )
    model: ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    return model


def _amounts(onnx: Any, plan: NodePlan) -> Any:
    flat = plan.pad_amounts
    return onnx.helper.make_tensor("pads", onnx.TensorProto.INT64, [len(flat)], flat)


def _fill(onnx: Any, plan: NodePlan) -> Any:
    return onnx.helper.make_tensor("fill", onnx.TensorProto.FLOAT, [], [plan.fill])


def power_of_norm(spec: OpSpec, y: np.ndarray) -> np.ndarray:
    """`y`, or its p-th power for an Lp pool, which is what runners return."""
    return y**spec.p if spec.kind is OpKind.LP_POOL else y

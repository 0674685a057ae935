"""onnxruntime at work on a model of one op, with graph optimization off; CPU, float32."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.onnx.dialect import OPSET, NodePlan, plan_for
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

__all__ = ["OnnxRuntimeRunner", "model_for"]

#: The oldest IR that goes with OPSET: https://github.com/onnx/onnx/blob/main/docs/Versioning.md
IR_VERSION = 10


class OnnxRuntimeRunner:
    """The lowering `onnxruntime`: resolved pads, or `auto_pad` where asked for."""

    lowerings: tuple[str, ...] = ("onnxruntime",)

    def versions(self) -> dict[str, str]:
        """{"onnx": version, "onnxruntime": version}; loads both."""
        onnx, ort = _modules()
        return {"onnx": str(onnx.__version__), "onnxruntime": str(ort.__version__)}

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
        *,
        auto_pad: str | None = None,
        optimize: bool = False,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of `spec` as onnxruntime computes it.

        `auto_pad` replaces the resolved pads by "SAME_UPPER", "SAME_LOWER" or "VALID";
        `optimize` turns graph optimization on. Raises UsageError for a lowering other than
        "onnxruntime", FrameworkError for what onnxruntime raises.
        """
        if lowering not in self.lowerings:
            raise UsageError(f"expected a lowering of onnxruntime but got {lowering!r}")
        _, ort = _modules()
        plan = plan_for(spec, auto_pad)
        if plan.reason is not None:
            raise FrameworkError(f"onnxruntime {ort.__version__}: {plan.reason}")
        with translated("onnxruntime", ort.__version__):
            model = model_for(spec, plan, x.shape, bias is not None)
            session = _session(ort, model.SerializeToString(), optimize)
            named = {"x": x, "w": weight, "b": bias}
            feed = {name: _float32(array) for name, array in named.items() if array is not None}
            output: np.ndarray = session.run(None, feed)[0]
        return output**spec.p if spec.kind is OpKind.LP_POOL else output


@functools.cache
def _modules() -> tuple[Any, Any]:
    onnx = import_framework("onnx", extra="onnxruntime")
    return onnx, import_framework("onnxruntime", extra="onnxruntime")


def _float32(array: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.ascontiguousarray(array, dtype=np.float32)


def _session(ort: Any, model: bytes, optimize: bool) -> Any:
    options = ort.SessionOptions()
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimize else levels.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def model_for(spec: OpSpec, plan: NodePlan, x_shape: tuple[int, ...], has_bias: bool) -> ModelProto:
    """A model x (, w (, b)) -> y of the plan's nodes; weights are inputs, too."""
    onnx, _ = _modules()
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes, initializers, source = [], [], "x"
    if plan.first is not None:
        initializers = [_amounts(onnx, plan), _fill(onnx, plan)]
        nodes.append(helper.make_node("Pad", ["x", "pads", "fill"], ["padded"], mode=plan.mode))
        source = "padded"
    shapes: dict[str, tuple[int, ...]] = {"x": x_shape}
    if spec.kind.has_weight:
        shapes["w"] = spec.weight_shape
        if has_bias:
            shapes["b"] = spec.channels[1:]
    inputs = [source, *list(shapes)[1:]]
    nodes.append(helper.make_node(plan.op_type, inputs, ["y"], **dict(plan.attributes)))
    graph = helper.make_graph(
        nodes,
        "padcheck",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info("y", kind, None)],
        initializers,
    )
    model: ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    return model


def _amounts(onnx: Any, plan: NodePlan) -> Any:
    pairs = ((0, 0), (0, 0), *(plan.first or ()))
    flat = [before for before, _ in pairs] + [after for _, after in pairs]
    return onnx.helper.make_tensor("pads", onnx.TensorProto.INT64, [len(flat)], flat)


def _fill(onnx: Any, plan: NodePlan) -> Any:
    return onnx.helper.make_tensor("fill", onnx.TensorProto.FLOAT, [], [plan.fill])

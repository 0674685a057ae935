"""One site alone: the Pads folded into it and its own node, as they stand in the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, ModelError
from padcheck.frameworks.loading import translated
from padcheck.frameworks.onnx.model import IR_VERSION
from padcheck.frameworks.onnx.network.session import make_session
from padcheck.frameworks.onnx.network.writing import NodeWriter
from padcheck.frameworks.onnx.plan import OP_TYPES, OPSET, NodePlan
from padcheck.frameworks.onnx.reading.constant_ops import Unknown
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.pad_nodes import pad_amounts, pad_mode
from padcheck.frameworks.onnx.reading.sites import Located
from padcheck.frameworks.onnx.sessions import runtime
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Recipe", "isolated", "recipe_of", "recipe_of_plan"]

#: What decides the window of an op; `group` comes from the arrays.
_ATTRIBUTES = (
    "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "output_padding",
    "output_shape", "p", "pads", "storage_order", "strides",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Pads (amounts per spatial axis, fill, mode), outermost first, and then one node."""

    spec: OpSpec
    attributes: dict[str, Any]
    pads: tuple[tuple[tuple[tuple[int, int], ...], float, str], ...] = ()
    opset: int = OPSET


def recipe_of(located: Located, evaluator: Evaluator) -> Recipe:
    """The recipe of a site that was read.

    1. Attributes are the node's own, auto_pad as it is, in the model's opset; or in OPSET, which
       has the newest windowed ops, where onnxruntime may not know a newer one.
    2. An op on integers, or a fused one, is the plain op on float32.
    3. The Pads hold what the site's spec says: an integer's zero point is 0.
    """
    entry, operator, folded = located.entry, located.operator, located.folded
    spec = located.site.spec
    if operator is None or spec is None or folded is None:
        raise FrameworkError(f"{located.site.name}: {located.site.reason}")
    import onnx

    attributes = {
        name: onnx.helper.get_attribute_value(entry.attributes[name])
        for name in _ATTRIBUTES
        if name in entry.attributes
    }
    if operator.pads is not None and entry.input(operator.pads):
        given = evaluator.value(located.scope, entry.input(operator.pads))
        if not isinstance(given, Unknown):
            attributes["pads"] = [int(number) for number in given.ravel()]
    if attributes.get("output_shape"):
        attributes["output_shape"] = attributes["output_shape"][-spec.rank :]
    fill = 0.0 if spec.kind is OpKind.CONV else spec.pad_value
    pads = []
    for pad in reversed(folded.nodes):
        try:
            amounts = pad_amounts(located.scope, pad, evaluator, spec.rank + 2)
        except ModelError as error:
            raise FrameworkError(f"{located.site.name}: {error}") from error
        spatial = amounts[1:-1] if operator.channels_last else amounts[2:]
        pads.append((tuple(spatial), fill, pad_mode(pad)))
    return Recipe(
        spec=spec,
        attributes=attributes,
        pads=tuple(pads),
        opset=min(entry.opsets.get("", OPSET), OPSET),
    )


def recipe_of_plan(spec: OpSpec, plan: NodePlan, opset: int) -> Recipe:
    """The recipe of an op that was written by a plan."""
    attributes = {
        name: value.encode() if isinstance(value, str) else value
        for name, value in plan.attributes
        if name != "group"
    }
    return Recipe(
        spec=spec,
        attributes=attributes,
        pads=() if plan.first is None else ((plan.first, plan.fill, plan.mode),),
        opset=min(opset, OPSET),
    )


def isolated(recipe: Recipe) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray]:
    """The op as a function of x (N, C, *spatial) and weight; both float32, of any size.

    An Lp pool gives the norm itself. Raises FrameworkError for what onnxruntime raises.
    """
    ort = runtime()
    sessions: dict[int, Any] = {}

    def run(x: NDArray[Any], weight: NDArray[Any] | None) -> NDArray[Any]:
        group = 1 if weight is None else _group(recipe.spec, x.shape[1], weight)
        with translated("onnxruntime", ort.__version__):
            if group not in sessions:
                sessions[group] = make_session(_model(recipe, group))
            given = {"x": x, "w": weight} if recipe.spec.kind.has_weight else {"x": x}
            made: NDArray[Any] = sessions[group].run(["y"], _as_float32(given))[0]
            return made

    return run


def _as_float32(arrays: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}


def _group(spec: OpSpec, channels: int, weight: NDArray[Any]) -> int:
    """Groups of the site's kind: one, one per channel, or else what the shapes say.

    The shapes of a transposed convolution do not say it: with other channels than its own, its
    groups are two, as in padcheck's probes.
    """
    if spec.group == 1:
        return 1
    if spec.group == spec.channels[0]:
        return channels
    if spec.kind is OpKind.CONV:
        return channels // int(weight.shape[1])
    return spec.group if channels == spec.channels[0] else 2


def _model(recipe: Recipe, group: int) -> Any:
    import onnx

    helper, kind, spec = onnx.helper, onnx.TensorProto.FLOAT, recipe.spec
    writer = NodeWriter(recipe.opset, "float32", prefix="isolated")
    value = "x"
    for pairs, fill, mode in recipe.pads:
        value = writer.pad(value, pairs, fill, mode)
    inputs = [value, "w"] if spec.kind.has_weight else [value]
    attributes = {**recipe.attributes, "group": group} if group != 1 else recipe.attributes
    writer.node(OP_TYPES[spec.kind], inputs, "y", **attributes)
    open_dims = [None] * (spec.rank + 2)
    graph = helper.make_graph(
        writer.nodes,
        "isolated",
        [helper.make_tensor_value_info(name, kind, open_dims) for name in ("x", *inputs[1:])],
        [helper.make_tensor_value_info("y", kind, open_dims)],
        [onnx.numpy_helper.from_array(array, name) for name, array in writer.constants.items()],
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", recipe.opset)],
        ir_version=IR_VERSION,
    )

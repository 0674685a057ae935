"""A case as an ONNX model of its own, or as the code that makes it.

`refusal`, `reference` and `asked` are plain ints and load nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import UsageError
from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.onnx.auto_pad import promised
from padcheck.frameworks.onnx.case_pads import is_automatic
from padcheck.frameworks.onnx.case_plan import plan_of
from padcheck.frameworks.onnx.case_refusals import (
    FIRST_INPUTS_OF_PAD,
    FIRST_NEGATIVE_PAD,
    refusal,
)
from padcheck.frameworks.onnx.plan import NodePlan
from padcheck.geometry import explicit
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import OWN, Case

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

__all__ = ["asked", "code_of", "model_of", "reference", "refusal"]

#: The first IR in which an initializer is no input of the graph, and the newest that is written:
#: runtimes refuse newer ones than they know (onnxruntime 1.31.1 takes 13, not 14).
FIRST_IR, LAST_IR = 4, 10
#: Opset -> the IR of the onnx release that brought it.
#: https://github.com/onnx/onnx/blob/main/docs/Versioning.md
_IRS = ((21, 10), (19, 9), (15, 8), (12, 7), (11, 6), (10, 5))

_SPATIAL = {1: ("W",), 2: ("H", "W"), 3: ("D", "H", "W")}


def reference(case: Case) -> OpSpec:
    """What the model means; explicit pads are worked out, policies stay policies.

    Raises UsageError for a case that ONNX has no words for.
    """
    reason, spec = refusal(case), case.spec
    if reason is not None:
        raise UsageError(f"expected a case that ONNX has words for, but {reason}")
    if is_automatic(spec):
        return promised(spec)
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return spec
    return spec.replace(pads=tuple(explicit(*pair) for pair in spec.resolved_pads))


def asked(case: Case) -> Case | str:
    """The case, with `padding` at its default where that makes the same model; or `refusal`."""
    reason = refusal(case)
    if reason is not None:
        return reason
    plain = case.replace(padding=OWN)
    return plain if refusal(plain) is None and plan_of(plain) == plan_of(case) else case


@dataclass(frozen=True, slots=True)
class _Node:
    """One call of make_node; `outputs` is a single name."""

    op_type: str
    inputs: tuple[str, ...]
    output: str
    attributes: tuple[tuple[str, Any], ...]

    @property
    def arguments(self) -> dict[str, Any]:
        """The attributes as make_node takes them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.attributes
        }


@dataclass(frozen=True, slots=True)
class _Graph:
    """What a model of a case holds; `stored` are the initializers that are no weights."""

    nodes: tuple[_Node, ...]
    stored: tuple[tuple[str, str, Any], ...]
    weights: tuple[str, ...]
    x: tuple[int | str, ...]
    y: tuple[int | str, ...]
    opset: int
    ir_version: int


def _graph(case: Case) -> _Graph:
    spec, plan = case.spec, plan_of(case)
    names = _SPATIAL.get(spec.rank) or tuple(f"D{axis}" for axis in range(spec.rank))
    nodes, stored = _pad_nodes(plan, case.opset) if plan.first is not None else ((), ())
    weights = ("w", "b")[: 1 + spec.bias] if spec.kind.has_weight else ()
    attributes = _typed(case, plan)
    last = _Node(plan.op_type, ("padded" if nodes else "x", *weights), "y", attributes)
    channels = spec.channels if spec.kind.has_weight else spec.channels[:1] * 2
    return _Graph(
        nodes=(*nodes, last),
        stored=stored,
        weights=weights,
        x=("N", channels[0], *(names if case.dynamic else spec.input_size)),
        y=("N", channels[1], *_outputs(case, names)),
        opset=case.opset,
        ir_version=_ir_version(case.opset),
    )


def _outputs(case: Case, names: tuple[str, ...]) -> tuple[int | str, ...]:
    """The output sizes, open ones by name.

    Where a window is shorter than its stride, those of ConvTranspose with SAME are left open: by
    its text there are n * stride, by onnx's shape inference (n - 1) * stride + effective_kernel,
    which is less [1.23.2].
    """
    spec = reference(case)
    sizes = zip(names, spec.output_size, spec.pad_after, strict=True)
    is_same = spec.kind is OpKind.CONV_TRANSPOSE and spec.pads[0].size_dependent
    return tuple(
        f"{name}_out" if case.dynamic or (is_same and after < 0) else size
        for name, size, after in sizes
    )


def _ir_version(opset: int) -> int:
    """The oldest IR that goes with the opset, between FIRST_IR and LAST_IR."""
    return next((version for first, version in _IRS if opset >= first), FIRST_IR)


def _typed(case: Case, plan: NodePlan) -> tuple[tuple[str, Any], ...]:
    """LpPool-1 has a p that is a float."""
    return tuple(
        (name, float(case.spec.p) if name == "p" and case.opset == 1 else value)
        for name, value in plan.attributes
    )


def _pad_nodes(
    plan: NodePlan, opset: int
) -> tuple[tuple[_Node, ...], tuple[tuple[str, str, Any], ...]]:
    """The Pad node, and its initializers as (name, type, value)."""
    constant = plan.mode == "constant"
    mode = () if constant else (("mode", plan.mode),)
    filled = constant and plan.fill != 0
    if opset >= FIRST_INPUTS_OF_PAD:
        inputs = ("x", "pads", "fill")[: 2 + filled]
        stored = (("pads", "int64", list(plan.pad_amounts)), ("fill", "float32", plan.fill))
        return (_Node("Pad", inputs, "padded", mode),), stored[: 1 + filled]
    name = "pads" if opset >= FIRST_NEGATIVE_PAD else "paddings"
    value = (("value", plan.fill),) if filled else ()
    attributes = ((name, plan.pad_amounts), *mode, *value)
    return (_Node("Pad", ("x",), "padded", attributes),), ()


def model_of(case: Case, weight: np.ndarray | None, bias: np.ndarray | None) -> ModelProto:
    """The model; its input is x (N, C, *spatial), its output y, weights are the initializers w, b.

    Raises UsageError for a case that ONNX has no words for.
    """
    import numpy as np

    onnx = import_framework("onnx", extra="onnxruntime")
    helper, kind, graph = onnx.helper, onnx.TensorProto.FLOAT, _graph(case)
    arrays = {name: np.array(value, dtype) for name, dtype, value in graph.stored}
    arrays |= {
        name: np.ascontiguousarray(array, np.float32)
        for name, array in {"w": weight, "b": bias}.items()
        if array is not None and name in graph.weights
    }
    made = helper.make_graph(
        [
            helper.make_node(n.op_type, n.inputs, [n.output], name=n.op_type, **n.arguments)
            for n in graph.nodes
        ],
        "case",
        [helper.make_tensor_value_info("x", kind, graph.x)],
        [helper.make_tensor_value_info("y", kind, graph.y)],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", graph.opset)]
    model: ModelProto = helper.make_model(made, opset_imports=opsets, ir_version=graph.ir_version)
    return model


def code_of(case: Case) -> tuple[str, ...]:
    """Lines that make the same `model` from w and b; need `onnx` and `numpy as np`.

    Raises UsageError for a case that ONNX has no words for.
    """
    graph = _graph(case)
    names = {"Pad": "pad"}
    lines = [f"{names.get(node.op_type, 'node')} = {_call(node)}" for node in graph.nodes]
    nodes = ", ".join(names.get(node.op_type, "node") for node in graph.nodes)
    stored = [
        f'        onnx.numpy_helper.from_array(np.array({_value(value)}, np.{dtype}), "{name}"),'
        for name, dtype, value in graph.stored
    ]
    weights = [f'        onnx.numpy_helper.from_array({name}, "{name}"),' for name in graph.weights]
    return (
        *lines,
        "graph = onnx.helper.make_graph(",
        f"    [{nodes}],",
        '    "case",',
        f"    [{_info('x', graph.x)}],",
        f"    [{_info('y', graph.y)}],",
        *(["    [", *stored, *weights, "    ],"] if stored or weights else []),
        ")",
        "model = onnx.helper.make_model(",
        "    graph,",
        f'    opset_imports=[onnx.helper.make_opsetid("", {graph.opset})],',
        f"    ir_version={graph.ir_version},",
        ")",
    )


def _call(node: _Node) -> str:
    given = [f'"{node.op_type}"', _value(list(node.inputs)), f'["{node.output}"]']
    given.append(f'name="{node.op_type}"')
    given += [f"{name}={_value(value)}" for name, value in node.arguments.items()]
    return f"onnx.helper.make_node({', '.join(given)})"


def _info(name: str, shape: tuple[int | str, ...]) -> str:
    sizes = _value(list(shape))
    return f'onnx.helper.make_tensor_value_info("{name}", onnx.TensorProto.FLOAT, {sizes})'


def _value(value: Any) -> str:
    """Code, strings in double quotes; a float that has no literal by its name."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    return f'float("{value}")' if value in (float("inf"), float("-inf")) else repr(value)

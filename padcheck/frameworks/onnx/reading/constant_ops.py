"""Which nodes may be run to work out a shape, how large their output gets, and running one.

A node is run by itself with onnx's reference evaluator, after its operator was found in a list
of cheap, deterministic ones and the size of its output was bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.onnx.reading.graph import Entry, printable
from padcheck.frameworks.onnx.reading.tensors import MAX_RANK

if TYPE_CHECKING:
    import numpy as np
    import onnx

__all__ = ["OPEN", "Unknown", "has_open", "is_allowed", "refusal", "run_node"]

#: Stands for an open size inside a value; no real size is negative. Only moved, never added to.
OPEN = -(1 << 61) - 1

#: Elements of one result, before those of more than MAX_ELEMENTS are dropped.
MAX_RESULT = 1 << 16

#: They move elements and compute nothing, so an open size passes through them unharmed.
MOVERS = frozenset(
    [
        "Concat",
        "Flatten",
        "Gather",
        "Identity",
        "Reshape",
        "Slice",
        "Split",
        "Sqrt",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    ]
)

#: TensorProto.INT64.
INT64 = 7

#: They compute each element from those at the same place, or reduce.
ARITHMETIC = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "Cast",
        "CastLike",
        "Ceil",
        "Clip",
        "Div",
        "Equal",
        "Expand",
        "Floor",
        "Greater",
        "GreaterOrEqual",
        "Less",
        "LessOrEqual",
        "Max",
        "Mean",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Pow",
        "ReduceMax",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "Relu",
        "Round",
        "Sign",
        "Sub",
        "Sum",
        "Tile",
        "Where",
        "Xor",
    ]
)

#: Their output's size is in their input's values, or they ask for a type.
SPECIAL = frozenset(["ConstantOfShape", "Range", "Shape", "Size"])


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a value is not a constant; `open_size` where a size that the model leaves open is."""

    reason: str
    open_size: bool = False


def is_allowed(entry: Entry) -> bool:
    known = entry.op_type in MOVERS or entry.op_type in ARITHMETIC or entry.op_type in SPECIAL
    return known and entry.domain == "" and not entry.bodies


def _moves(entry: Entry) -> bool:
    """Whether the first input's elements come out as they are."""
    if entry.op_type == "Cast" and "to" in entry.attributes:
        return bool(entry.attributes["to"].i == INT64)
    return entry.op_type in MOVERS


def has_open(value: np.ndarray) -> bool:
    """Whether an open size is among the values; only an int64 can hold it."""
    return str(value.dtype) == "int64" and bool((value == OPEN).any())


def refusal(entry: Entry, inputs: Sequence[np.ndarray | None]) -> Unknown | None:
    """Why a node must not be run; None when it may.

    1. Arithmetic on an open size would give a number that means nothing.
    2. The output must be bounded before anything is allocated for it.
    """
    computed = inputs if not _moves(entry) else inputs[1:] if entry.op_type != "Concat" else ()
    if any(value is not None and has_open(value) for value in computed):  # rule 1
        return Unknown(f"`{printable(entry.output)}` depends on an open size", open_size=True)
    try:
        size = _result_size(entry, inputs)
    except (ValueError, TypeError, IndexError, OverflowError):
        return Unknown(f"`{printable(entry.output)}` cannot be computed")
    if size > MAX_RESULT:  # rule 2
        return Unknown(f"`{printable(entry.output)}` would have {size} elements")
    return None


def _result_size(entry: Entry, inputs: Sequence[np.ndarray | None]) -> int:
    """An upper bound on the elements of one output; raises ValueError where inputs do not fit."""
    import numpy as np

    given = [value for value in inputs if value is not None]
    sizes = [value.size for value in given]
    special: dict[str, Callable[[], int]] = {
        "ConstantOfShape": lambda: _volume(given[0]),
        "Expand": lambda: max(given[0].size, 1) * max(_volume(given[1]), 1),
        "Gather": lambda: given[0].size * given[1].size,
        "Range": lambda: _range_size(given),
        "Tile": lambda: given[0].size * _volume(given[1]),
    }
    if entry.op_type in special:
        return special[entry.op_type]()
    if _moves(entry):
        return sum(sizes)
    if len(given) > 1 and not entry.op_type.startswith("Reduce"):
        shape: tuple[int, ...] = np.broadcast_shapes(*(value.shape for value in given))
        return math.prod(shape)
    return sum(sizes)


def _volume(shape: np.ndarray) -> int:
    sizes = [int(size) for size in shape.ravel()]
    if len(sizes) > MAX_RANK or any(size < 0 for size in sizes):
        raise ValueError("expected sizes >= 0")
    return math.prod(sizes)


def _range_size(given: Sequence[np.ndarray]) -> int:
    start, limit, delta = (value.item() for value in given)
    if delta == 0:
        raise ValueError("expected a delta but got 0")
    steps: int = math.ceil((limit - start) / delta)
    return max(0, steps)


def run_node(entry: Entry, inputs: Sequence[np.ndarray | None]) -> Sequence[Any] | Unknown:
    import numpy as np
    from onnx.reference import ReferenceEvaluator

    if entry.op_type == "Div":
        quotient = _truncated(inputs)
        if quotient is not None:
            return quotient
    feeds = {f"i{index}": value for index, value in enumerate(inputs) if value is not None}
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(_one_node(entry, inputs)).run(None, feeds)
    except Exception as error:  # the evaluator raises whatever numpy does
        kind = type(error).__name__
        return Unknown(f"`{printable(entry.output)}` cannot be computed ({kind})")
    return (
        results
        if isinstance(results, list)
        else Unknown(f"`{printable(entry.output)}` has no value")
    )


def _truncated(inputs: Sequence[np.ndarray | None]) -> Sequence[np.ndarray] | None:
    """Integer Div rounds toward zero (ONNX Div-14); None where it is no division of integers.

    The evaluator of older onnx releases rounds down instead.
    """
    import numpy as np

    if len(inputs) != 2:
        return None
    one, other = inputs
    if one is None or other is None or one.dtype.kind != "i" or one.dtype != other.dtype:
        return None
    if (other == 0).any():
        return None
    remainder = np.fmod(one, other)
    return [(one - remainder) // other]


def _one_node(entry: Entry, inputs: Sequence[np.ndarray | None]) -> onnx.ModelProto:
    import onnx

    names = ["" if value is None else f"i{index}" for index, value in enumerate(inputs)]
    outputs = [f"o{index}" for index in range(len(entry.outputs))]
    node = onnx.NodeProto(op_type=entry.op_type, input=names, output=outputs)
    node.attribute.extend(entry.attributes.values())
    for name, attribute in zip(entry.attributes, node.attribute, strict=True):
        attribute.name = name
    graph = onnx.GraphProto(name="constant", node=[node])
    graph.input.extend(onnx.ValueInfoProto(name=name) for name in names if name)
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    opset = onnx.OperatorSetIdProto(version=min(entry.opset, onnx.defs.onnx_opset_version()))
    return onnx.ModelProto(ir_version=10, graph=graph, opset_import=[opset])

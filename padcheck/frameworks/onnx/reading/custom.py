"""Shapes of onnxruntime's own ops, which onnx's inference does not know."""

from __future__ import annotations

from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry, Scope
from padcheck.frameworks.onnx.reading.operators import operator_of
from padcheck.frameworks.onnx.reading.sites import output_dims
from padcheck.frameworks.onnx.reading.tensors import MAX_RANK, Dims, tensor_type

__all__ = ["infer_custom"]

#: They give back their first input's shape, unless they change where the channels are.
KEEPS_SHAPE = frozenset(
    {
        "DequantizeLinear",
        "FastGelu",
        "Gelu",
        "QLinearLeakyRelu",
        "QLinearSigmoid",
        "QuantizeLinear",
        "QuickGelu",
        "ReorderInput",
        "ReorderOutput",
    }
)

#: Op -> the indices of two inputs whose shapes are broadcast.
BROADCASTS = {"QLinearAdd": (0, 3), "QLinearMul": (0, 3)}

#: QLinearConcat's inputs are two for the output, and then (tensor, scale, zero point) each.
CONCAT_FIRST, CONCAT_STEP = 2, 3


def infer_custom(scope: Scope, entry: Entry, evaluator: Evaluator) -> None:
    """Types the first output where a rule is known; raises nothing.

    Source: onnxruntime `docs/ContribOperators.md`; the NCHWc ops as onnxruntime 1.31 has them.
    """
    operator = operator_of(entry)
    data = entry.input(0)
    dims: Dims | None = None
    if operator is not None:
        dims = output_dims(scope, entry, operator, evaluator)
    elif entry.op_type in KEEPS_SHAPE and not _moves_channels(entry):
        dims = scope.dims(data)
    elif entry.op_type in BROADCASTS:
        one, other = (scope.dims(entry.input(index)) for index in BROADCASTS[entry.op_type])
        dims = _broadcast(one, other)
    elif entry.op_type == "QLinearConcat":
        data = entry.input(CONCAT_FIRST)
        dims = _concatenated(scope, entry)
    source = scope.type_of(data)
    if dims is not None and source is not None and entry.output:
        scope.types[entry.output] = tensor_type(source.tensor_type.elem_type, dims)


def _moves_channels(entry: Entry) -> bool:
    attribute = entry.attributes.get("channels_last")
    return attribute is not None and attribute.i != 0


def _broadcast(one: Dims | None, other: Dims | None) -> Dims | None:
    """numpy's rule; None where it is not clear what comes out."""
    if one is None or other is None:
        return None
    rank = max(len(one), len(other))
    padded = [(1,) * (rank - len(dims)) + dims for dims in (one, other)]
    sizes: list[int | str | None] = []
    for a, b in zip(*padded, strict=True):
        if a == b or b == 1:
            sizes.append(a)
        elif a == 1:
            sizes.append(b)
        else:
            sizes.append(next((size for size in (a, b) if isinstance(size, int)), None))
    return tuple(sizes)


def _concatenated(scope: Scope, entry: Entry) -> Dims | None:
    parts = [scope.dims(name) for name in entry.inputs[CONCAT_FIRST::CONCAT_STEP]]
    known = [dims for dims in parts if dims is not None]
    attribute = entry.attributes.get("axis")
    if attribute is None or not known or len(known) < len(parts):
        return None
    rank = len(known[0])
    if rank > MAX_RANK or any(len(dims) != rank for dims in known):
        return None
    axis = attribute.i + rank if attribute.i < 0 else attribute.i
    if not 0 <= axis < rank:
        return None
    sizes = [dims[axis] for dims in known]
    whole = [size for size in sizes if isinstance(size, int)]
    total = sum(whole) if len(whole) == len(sizes) else None
    return (*known[0][:axis], total, *known[0][axis + 1 :])

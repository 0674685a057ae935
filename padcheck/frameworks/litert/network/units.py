"""Which axis of a tensor is there only because a 1-D op had to be written as a 2-D one."""

from __future__ import annotations

from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.operators import windowed_of
from padcheck.frameworks.litert.network.records import Dims, OperatorInfo

__all__ = ["drops_unit", "makes_unit", "unit_axes"]

_RESHAPING = ("EXPAND_DIMS", "RESHAPE", "SQUEEZE")

#: What keeps every axis where it is; the windowed ops do, too.
_KEEPING = (
    "ABS",
    "ADD",
    "CONCATENATION",
    "DEQUANTIZE",
    "DIV",
    "ELU",
    "GELU",
    "HARD_SWISH",
    "LEAKY_RELU",
    "LOGISTIC",
    "MAXIMUM",
    "MINIMUM",
    "MIRROR_PAD",
    "MUL",
    "PAD",
    "PADV2",
    "PRELU",
    "QUANTIZE",
    "RELU",
    "RELU6",
    "RELU_0_TO_1",
    "RELU_N1_TO_1",
    "SUB",
    "TANH",
)


def unit_axes(graph: Graph) -> dict[int, int]:
    """Tensor -> its spatial axis (0 or 1) of size 1 that an op before it put in.

    1. EXPAND_DIMS or RESHAPE from 3 axes to 4 with a 1 among them puts it in.
    2. It stays through windowed ops and ops that work element by element.
    """
    found: dict[int, int] = {}
    for operator in graph.operators:
        if operator.name in _RESHAPING:  # rule 1
            axis = makes_unit(graph, operator)
        elif operator.name in _KEEPING or windowed_of(operator) is not None:  # rule 2
            axes = {found[index] for index in operator.inputs if index in found}
            axis = axes.pop() if len(axes) == 1 else None
            if not _is_unit(graph.dims(operator.output) if operator.outputs else None, axis):
                axis = None
        else:
            continue
        if axis is not None:
            found[operator.output] = axis
    return found


def makes_unit(graph: Graph, operator: OperatorInfo) -> int | None:
    """The spatial axis that an op inserts with size 1, None where it does something else."""
    source, made = _ends(graph, operator)
    if source is None or made is None or len(source) != 3:
        return None
    return _inserted(source, made)


def drops_unit(graph: Graph, operator: OperatorInfo, axis: int) -> bool:
    """Whether an op does no more than take out that spatial axis."""
    if operator.name not in ("RESHAPE", "SQUEEZE"):
        return False
    source, made = _ends(graph, operator)
    if source is None or made is None or len(made) != 3 or not _is_unit(source, axis):
        return False
    return _alike(source[: axis + 1] + source[axis + 2 :], made)


def _ends(graph: Graph, operator: OperatorInfo) -> tuple[Dims | None, Dims | None]:
    if operator.input(0) < 0 or not operator.outputs:
        return None, None
    return graph.dims(operator.input(0)), graph.dims(operator.output)


def _inserted(source: Dims, made: Dims) -> int | None:
    for axis in (0, 1):
        if _is_unit(made, axis) and _alike(made[: axis + 1] + made[axis + 2 :], source):
            return axis
    return None


def _alike(dims: Dims, others: Dims) -> bool:
    """Whether two shapes may be the same; an open size is any."""
    return len(dims) == len(others) and all(
        None in (one, other) or one == other for one, other in zip(dims, others, strict=True)
    )


def _is_unit(dims: Dims | None, axis: int | None) -> bool:
    return dims is not None and axis is not None and len(dims) == 4 and dims[axis + 1] == 1

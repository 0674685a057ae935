"""What stands after an op and belongs to it: constants per channel, and a clip."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.tensorflow.network.graph import IDENTITIES, Graph
from padcheck.records import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: (scale, offset) per output channel, of one element where all channels have the same.
    Affine = tuple[NDArray[Any], NDArray[Any]]

__all__ = ["Step", "Tail", "clip_of", "constants_of", "stray_bias", "tail_of"]

_BATCH_NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE = ("Add", "AddV2"), ("Sub",), ("Mul",), ("Div", "RealDiv")
_ARITHMETIC = (*_ADD, *_SUBTRACT, *_MULTIPLY, *_DIVIDE)
#: Bounds past this are none: the ends of float32.
FAR = 3.0e38

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Step:
    """One op of an epilogue; `affine` works out what it does, `constants` what that takes.

    `adds` is whether it may shift, be it by 0.
    """

    constants: tuple[str, ...]
    affine: Callable[[], Affine]
    adds: bool


@dataclass(frozen=True, slots=True)
class Tail:
    """Where an epilogue ends, and what it does on the way, in this order."""

    name: str
    nodes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    clip: Range | None = None


def tail_of(graph: Graph, start: str, channels: int | None, axis: int) -> Tail:
    """The epilogue of the op whose output is `start`, with `channels` on `axis`.

    1. BiasAdd, Add, Sub, Mul, RealDiv with a constant per channel, FusedBatchNorm at inference,
       Identity. Where `channels` is None the op must not be scaled or shifted.
    2. Relu, Relu6, Maximum, Minimum, ClipByValue with constant bounds, as one clip.

    Each tensor on the way has one reader and is no output of the graph.
    """
    name = current = start
    nodes: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    clip: Range | None = None
    while (node := graph.only_reader(current)) is not None:
        if node.op not in IDENTITIES:
            bounds = clip_of(graph, node, current)
            step = None
            if bounds is None and clip is None and channels is not None:
                step = _step(graph, node, current, channels, axis)
            if bounds is None and step is None:
                break
            if step is not None:
                steps = (*steps, step)
            if bounds is not None:  # rule 2
                clip = _joined(clip, bounds)
        seen, current = (*seen, node.name), node.name
        if node.op not in IDENTITIES:
            name, nodes = current, seen
    unbounded = clip is None or clip == (-math.inf, math.inf)
    return Tail(name, nodes, steps, None if unbounded else clip)


def stray_bias(graph: Graph, tail: Tail, axis: int) -> str | None:
    """A remark on a BiasAdd right after an op that adds along another axis than the channels'.

    `keras.ops.add` makes one, channels first, of a bias as long as the output is wide
    [keras 3.15.1 on tensorflow].
    """
    node, shape = graph.only_reader(tail.name), graph.shape(tail.name)
    while node is not None and node.op in IDENTITIES:
        node = graph.only_reader(node.name)
    if node is None or node.op != "BiasAdd" or shape is None:
        return None
    first = "data_format" in node.attr and node.attr["data_format"].s.startswith(b"NC")
    along = 1 if first else len(shape) - 1
    if along == axis:
        return None
    return (
        f"BiasAdd `{printable(node.name)}` after it adds one number per element of axis {along}, "
        f"and the channels are on axis {axis}"
    )


def constants_of(tail: Tail) -> list[str]:
    """The tensors that the steps take."""
    return [name for step in tail.steps for name in step.constants]


def _joined(clip: Range | None, bounds: Range) -> Range:
    """One clip, and then another."""
    if clip is None:
        return bounds
    low, high = bounds
    return min(max(clip[0], low), high), min(max(clip[1], low), high)


def clip_of(graph: Graph, node: Any, tensor: str) -> Range | None:
    """(low, high) of what clips `tensor` to constants, None for anything else."""
    if node.op == "Relu":
        return 0.0, math.inf
    if node.op == "Relu6":
        return 0.0, 6.0
    if node.op == "ClipByValue":
        if node.input[0].removesuffix(":0") != tensor:
            return None
        low, high = _number(graph, node.input[1]), _number(graph, node.input[2])
        return None if low is None or high is None or low > high else (low, high)
    if node.op not in ("Maximum", "Minimum"):
        return None
    bound = _number(graph, _other(node, tensor))
    if bound is None:
        return None
    if abs(bound) >= FAR:
        bound = math.copysign(math.inf, bound)
    return (bound, math.inf) if node.op == "Maximum" else (-math.inf, bound)


def _other(node: Any, tensor: str) -> str:
    first, second = (name.removesuffix(":0") for name in node.input[:2])
    return str(second if first == tensor else first)


def _number(graph: Graph, tensor: str) -> float | None:
    shape = graph.shape(tensor.removesuffix(":0"))
    if shape is None or any(size != 1 for size in shape):
        return None
    value = graph.constant(tensor.removesuffix(":0"))
    return None if value is None or value.dtype.kind not in "fiu" else float(value.reshape(()))


def _step(graph: Graph, node: Any, tensor: str, channels: int, axis: int) -> Step | None:
    """Rule 1: what a node does to each channel; None where it is no such op."""
    if node.op in _BATCH_NORMS:
        return _normalization(graph, node, tensor)
    if node.op == "BiasAdd":
        bias = node.input[1].removesuffix(":0")
        first = "data_format" in node.attr and node.attr["data_format"].s.startswith(b"NC")
        rank = len(graph.shape(tensor) or ())
        if not graph.is_constant(bias) or axis != (1 if first else rank - 1):
            return None
        return _arithmetic(graph, "AddV2", bias, is_first=True)
    if node.op not in _ARITHMETIC:
        return None
    other = _other(node, tensor)
    is_first = node.input[0].removesuffix(":0") == tensor
    if not graph.is_constant(other) or not _per_channel(graph, other, tensor, channels, axis):
        return None
    if node.op in _DIVIDE and not is_first:
        return None
    return _arithmetic(graph, node.op, other, is_first=is_first)


def _per_channel(graph: Graph, other: str, tensor: str, channels: int, axis: int) -> bool:
    """Whether a constant holds one number, or one per channel."""
    dims, shape = graph.shape(other), graph.shape(tensor)
    if dims is None or shape is None or len(dims) > len(shape):
        return False
    padded = (1,) * (len(shape) - len(dims)) + dims
    return all(
        size == 1 or (index == axis and size == channels) for index, size in enumerate(padded)
    )


def _arithmetic(graph: Graph, op: str, other: str, *, is_first: bool) -> Step:
    def affine() -> Affine:
        import numpy as np

        number = _array(graph, other)
        one, zero = np.ones(1), np.zeros(1)
        if op in _ADD:
            return one, number
        if op in _SUBTRACT:
            return (one, -number) if is_first else (-one, number)
        with np.errstate(divide="ignore"):
            return (number if op in _MULTIPLY else 1.0 / number), zero

    return Step((other,), affine, adds=op in (*_ADD, *_SUBTRACT))


def _normalization(graph: Graph, node: Any, tensor: str) -> Step | None:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, with all of these constant.

    Source: FusedBatchNormV3 with is_training false; its other outputs are not read.
    """
    names = tuple(name.removesuffix(":0") for name in node.input[1:5])
    if node.input[0].removesuffix(":0") != tensor or node.attr["is_training"].b:
        return None
    if any(not graph.is_constant(name) for name in names):
        return None
    if any(f"{node.name}:{index}" in graph.readers for index in range(1, 6)):
        return None
    epsilon = node.attr["epsilon"].f

    def affine() -> Affine:
        import numpy as np

        scale, offset, mean, variance = (_array(graph, name) for name in names)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = scale / np.sqrt(variance + epsilon)
            return factor, offset - mean * factor

    return Step(names, affine, adds=True)


def _array(graph: Graph, name: str) -> NDArray[Any]:
    import numpy as np

    value = graph.constant(name)
    assert value is not None
    array: NDArray[Any] = value.astype(np.float64).reshape(-1)
    return array

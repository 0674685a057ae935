"""What PAD, PADV2, MIRROR_PAD, SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND say."""

from __future__ import annotations

from dataclasses import dataclass

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.attributes import MAX_EXTENT
from padcheck.frameworks.litert.network.flatbuffer import guarded
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.records import OperatorInfo
from padcheck.frameworks.litert.network.schema import schema

__all__ = ["PADS", "Batches", "Pad", "Pairs", "UnknownAmounts", "read_batches", "read_pad"]

PADS = ("PAD", "PADV2", "MIRROR_PAD")

#: (before, after) per spatial axis.
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Pad:
    """Elements added per spatial axis, what they hold, and the mode as in `OpSpec.pad_mode`."""

    pairs: Pairs
    fill: float = 0.0
    mode: str = "constant"


@dataclass(frozen=True, slots=True)
class Batches:
    """Blocks per spatial axis, and what is added before they are cut or cropped after."""

    block: tuple[int, ...]
    pairs: Pairs


class UnknownAmounts(ModelError):
    """Amounts that cannot be told, so that nobody knows what the op after them pads."""


def _unknown(graph: Graph, index: int) -> UnknownAmounts:
    if index in graph.from_sizes():
        return UnknownAmounts(
            "its amounts depend on the input size; give the shape with --input-shape"
        )
    return UnknownAmounts("its amounts are not constant")


def read_pad(graph: Graph, operator: OperatorInfo) -> Pad:
    """One of PADS; raises ModelError, saying why, where it cannot be an op's own pads.

    The fill is the real number: PAD adds the zero point where integers stand for real numbers.
    """
    dims = graph.dims(operator.input(0))
    rank = len(dims) if dims is not None else 0
    pairs = _pairs(graph, operator, 1, rank)
    if any(pair != (0, 0) for pair in (pairs[0], pairs[-1])):
        raise ModelError("it pads the batch or the channels")
    if any(number < 0 for pair in pairs for number in pair):
        raise ModelError("it crops")
    if operator.name == "MIRROR_PAD":
        return Pad(pairs[1:-1], mode=_mirror(operator))
    fill = _fill(graph, operator) if operator.name == "PADV2" else 0.0
    return Pad(pairs[1:-1], fill)


def _pairs(graph: Graph, operator: OperatorInfo, index: int, rows: int) -> Pairs:
    """A constant of (rows, 2) ints."""
    amounts = graph.constant(operator.input(index))
    if amounts is None:
        raise _unknown(graph, operator.input(index))
    if amounts.dtype.kind not in "iu" or amounts.shape != (rows, 2) or rows < 1:
        raise ModelError(f"expected {rows} pairs of ints but got shape {list(amounts.shape)}")
    pairs = tuple((int(before), int(after)) for before, after in amounts)
    if any(abs(number) > MAX_EXTENT for pair in pairs for number in pair):
        raise ModelError(f"expected amounts of at most {MAX_EXTENT}")
    return pairs


def _mirror(operator: OperatorInfo) -> str:
    with guarded("", field="builtin_options"):
        words = schema()
        if operator.options_kind != words.BuiltinOptions.MirrorPadOptions:
            raise ModelError("expected MirrorPadOptions", field="builtin_options")
        table = words.MirrorPadOptions()
        table.Init(operator.options.Bytes, operator.options.Pos)
        modes = {words.MirrorPadMode.REFLECT: "reflect", words.MirrorPadMode.SYMMETRIC: "symmetric"}
        if table.Mode() not in modes:
            raise ModelError(f"expected a mode of 0 or 1 but got {table.Mode()}")
        return modes[table.Mode()]


def _fill(graph: Graph, operator: OperatorInfo) -> float:
    """What PADV2 fills with; its constant counts in the steps of the tensor that is padded."""
    value = graph.constant(operator.input(2))
    if value is None or value.size != 1 or value.dtype.kind not in "iuf":
        raise ModelError("what it fills with is not a known number")
    stored = float(value.reshape(()).item())
    quantization = graph.tensor(operator.input(0)).quantization
    if quantization is None:
        return stored
    return quantization.scale * (stored - quantization.zero_point)


def read_batches(graph: Graph, operator: OperatorInfo) -> Batches:
    """SPACE_TO_BATCH_ND's pads or BATCH_TO_SPACE_ND's crops; raises ModelError saying why not."""
    dims = graph.dims(operator.input(0))
    rank = len(dims) - 2 if dims is not None else 0
    block = graph.constant(operator.input(1))
    if block is None or block.dtype.kind not in "iu" or block.shape != (rank,):
        raise ModelError("its block is not a known list of ints")
    pairs = _pairs(graph, operator, 2, rank)
    sizes = tuple(int(size) for size in block)
    if any(not 1 <= size <= MAX_EXTENT for size in sizes):
        raise ModelError(f"expected blocks in [1, {MAX_EXTENT}] but got {list(sizes)}")
    if any(number < 0 for pair in pairs for number in pair):
        raise ModelError("expected amounts >= 0")
    return Batches(sizes, pairs)

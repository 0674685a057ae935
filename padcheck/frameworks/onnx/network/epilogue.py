"""What stands after an op and belongs to it: constants per channel, a clip, a quantization."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.onnx.network.clips import Range, clip_of
from padcheck.frameworks.onnx.network.constants import Constants
from padcheck.frameworks.onnx.network.quantized import quantization_of
from padcheck.frameworks.onnx.network.wiring import Wiring
from padcheck.frameworks.onnx.reading.evaluation import Evaluator
from padcheck.frameworks.onnx.reading.graph import Entry
from padcheck.frameworks.onnx.reading.tensors import Dims
from padcheck.records import Quantization

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: (scale, offset) per output channel, of one element where all channels have the same.
    Affine = tuple[NDArray[Any], NDArray[Any]]

__all__ = ["Channels", "Tail", "tail_of"]

#: Epsilon of a BatchNormalization that gives none.
EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Channels:
    """How many channels an op's output has, on which of its axes."""

    count: int
    axis: int
    rank: int

    def takes(self, dims: Dims | None) -> bool:
        """Whether a tensor of these dims holds one number, or one per channel."""
        if dims is None or len(dims) > self.rank:
            return False
        padded = (1,) * (self.rank - len(dims)) + dims
        return all(
            size == 1 or (axis == self.axis and size == self.count)
            for axis, size in enumerate(padded)
        )


@dataclass(frozen=True, slots=True)
class Tail:
    """Where an epilogue ends, and what it does on the way, in this order."""

    name: str
    entries: tuple[Entry, ...] = ()
    steps: tuple[Callable[[], Affine], ...] = ()
    clip: Range | None = None
    quantization: Quantization | None = None


class _Walk:
    def __init__(self, wiring: Wiring, constants: Constants, evaluator: Evaluator) -> None:
        self.wiring = wiring
        self.constants = constants
        self.evaluator = evaluator
        self.entries: list[Entry] = []

    def next(self, name: str) -> Entry | None:
        """The entry that alone reads a value, and gives one that can be fetched."""
        entry = self.wiring.only_reader(name)
        return entry if entry is not None and self.wiring.single(entry) else None

    def take(self, entry: Entry) -> str:
        self.entries.append(entry)
        return entry.output


def tail_of(
    wiring: Wiring,
    constants: Constants,
    evaluator: Evaluator,
    start: str,
    channels: Channels | None,
) -> Tail:
    """The epilogue of the op whose output is `start`; `channels` is None for one that must not
    be scaled or shifted.

    1. Add, Sub, Mul, Div with a constant per channel, BatchNormalization at inference, Identity.
    2. One Relu or Clip with constant bounds.
    3. QuantizeLinear with constants, and the DequantizeLinear that undoes it.

    Each tensor on the way has one reader and is no output of the graph.
    """
    walk = _Walk(wiring, constants, evaluator)
    steps: list[Callable[[], Affine]] = []
    name, entry = start, walk.next(start)
    while entry is not None:  # rule 1
        if entry.op_type != "Identity" or entry.domain != "":
            step = _step(walk, entry, name, channels) if channels is not None else None
            if step is None:
                break
            steps.append(step)
        name = walk.take(entry)
        entry = walk.next(name)
    clip = None if entry is None else clip_of(wiring.root, entry, evaluator)
    if entry is not None and clip is not None and entry.input(0) == name:  # rule 2
        name = walk.take(entry)
        entry = walk.next(name)
    if clip == (-math.inf, math.inf):
        clip = None
    quantization = None
    if entry is not None and entry.op_type == "QuantizeLinear" and entry.input(0) == name:
        quantization = quantization_of(wiring.root, entry, (1, 2), evaluator)
        if quantization is not None:  # rule 3
            name = _dequantized(walk, walk.take(entry), quantization)
    return Tail(name, tuple(walk.entries), tuple(steps), clip, quantization)


def _dequantized(walk: _Walk, name: str, quantization: Quantization) -> str:
    entry = walk.next(name)
    if entry is None or entry.op_type != "DequantizeLinear" or entry.input(0) != name:
        return name
    undone = quantization_of(walk.wiring.root, entry, (1, 2), walk.evaluator)
    return walk.take(entry) if undone == quantization else name


def _step(walk: _Walk, entry: Entry, name: str, channels: Channels) -> Callable[[], Affine] | None:
    """What an entry does to each channel, to be worked out later; None where it is no such op."""
    if entry.domain != "":
        return None
    if entry.op_type == "BatchNormalization":
        return _normalization(walk.constants, entry, name)
    if entry.op_type not in ("Add", "Sub", "Mul", "Div") or len(entry.inputs) != 2:
        return None
    is_first = entry.input(0) == name
    other = entry.input(1 if is_first else 0)
    dims = walk.wiring.root.dims(other)
    if walk.constants.origin(other) is None or not channels.takes(dims):
        return None
    if entry.op_type == "Div" and not is_first:
        return None
    return _arithmetic(walk.constants, entry.op_type, other, is_first)


def _arithmetic(
    constants: Constants, op_type: str, other: str, is_first: bool
) -> Callable[[], Affine]:
    def worked_out() -> Affine:
        import numpy as np

        number = constants.array(other).astype(np.float64).reshape(-1)
        one, zero = np.ones(1), np.zeros(1)
        if op_type == "Add":
            return one, number
        if op_type == "Sub":
            return (one, -number) if is_first else (-one, number)
        with np.errstate(divide="ignore"):
            return (number if op_type == "Mul" else 1.0 / number), zero

    return worked_out


def _normalization(constants: Constants, entry: Entry, name: str) -> Callable[[], Affine] | None:
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, with all of these constant.

    Source: ONNX BatchNormalization-1 to -15; with one output it works at inference.
    """

    def flag(title: str, default: int) -> int:
        return entry.attributes[title].i if title in entry.attributes else default

    names = entry.inputs[1:5]
    if entry.input(0) != name or len(names) != 4 or not flag("spatial", 1):
        return None
    if flag("training_mode", 0) or any(constants.origin(one) is None for one in names):
        return None
    epsilon = entry.attributes["epsilon"].f if "epsilon" in entry.attributes else EPSILON

    def worked_out() -> Affine:
        import numpy as np

        parts = (constants.array(one).astype(np.float64).reshape(-1) for one in names)
        scale, shift, mean, variance = parts
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = scale / np.sqrt(variance + epsilon)
            return factor, shift - mean * factor

    return worked_out

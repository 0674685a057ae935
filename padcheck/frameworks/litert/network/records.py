"""What a .tflite file says, as plain data: tensors, operators, subgraphs, signatures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from padcheck.records import Quantization

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Dims", "Model", "OperatorInfo", "Scales", "Signature", "Subgraph", "TensorInfo"]

#: One entry per axis, None where the size is open.
Dims = tuple["int | None", ...]

#: numpy's name of a stored type -> the least and the largest number.
_RANGES = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "int32": (-(1 << 31), (1 << 31) - 1),
}


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """real = scale * (stored - zero_point), one pair or one per entry of `axis`."""

    scale: NDArray[Any]
    zero_point: NDArray[Any]
    axis: int


@dataclass(frozen=True, slots=True, eq=False)
class TensorInfo:
    """One tensor; `dims` has None where the shape signature leaves a size open.

    `type` is numpy's name of what is stored, or the schema's word where numpy has none. `buffer`
    is 0 for what has no constant data.
    """

    index: int
    name: str
    dims: Dims
    sizes: tuple[int, ...]
    type: str
    buffer: int
    scales: Scales | None = None
    is_variable: bool = False
    is_sparse: bool = False

    @property
    def quantization(self) -> Quantization | None:
        """That of a tensor with one scale, None for floats and for one scale per channel."""
        if self.scales is None or self.scales.scale.size != 1 or self.type not in _RANGES:
            return None
        low, high = _RANGES[self.type]
        zero = int(self.scales.zero_point[0])
        return Quantization(scale=float(self.scales.scale[0]), zero_point=zero, low=low, high=high)


@dataclass(frozen=True, slots=True, eq=False)
class OperatorInfo:
    """One operator: `name` is the builtin's (CONV_2D) or a custom op's own, `code` None for that.

    `options` is the flatbuffer table of its attributes and `options_kind` the type it is of.
    """

    index: int
    code: int | None
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any = None
    options_kind: int = 0

    def input(self, index: int) -> int:
        """The tensor at an input, -1 where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else -1

    @property
    def output(self) -> int:
        """The first output, -1 where there is none."""
        return self.outputs[0] if self.outputs else -1


@dataclass(frozen=True, slots=True, eq=False)
class Subgraph:
    """Operators in the order in which they run."""

    name: str
    tensors: tuple[TensorInfo, ...]
    operators: tuple[OperatorInfo, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """Names of the inputs and outputs of a subgraph: (name, tensor)."""

    key: str
    subgraph: int
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """`buffers` are (start, size) in `data`, (0, 0) for an empty one."""

    data: bytes
    where: str
    subgraphs: tuple[Subgraph, ...]
    buffers: tuple[tuple[int, int], ...]
    signatures: tuple[Signature, ...] = field(default=())

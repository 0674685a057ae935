"""A network's numbers around its sites: tensors, weights, what stands after an op, and changes.

Arrays are held, never computed with: this floor needs the standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.records.spec import OpSpec

__all__ = ["Change", "Epilogue", "OpValues", "Place", "Quantization", "Tensor"]

#: One entry per axis; None or a name where the model leaves the size open.
Shape = tuple["int | str | None", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """Real number = scale * (stored - zero_point), stored in low..high."""

    scale: float
    zero_point: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """An input or output of a network; `dtype` is numpy's name of what a caller gives or gets.

    `channels_last` is None where nothing tells the layout. `quantization` is that of integers
    that stand for real numbers; callers give and get the real ones.
    """

    name: str
    shape: Shape | None
    dtype: str = "float32"
    channels_last: bool | None = None
    quantization: Quantization | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpValues:
    """The numbers of a convolution: y = scale * op(x, weight) + offset per output channel.

    `weight` is float32 and shaped as `OpSpec.weight_shape`, dequantized where it is stored in
    integers; `scale` and `offset` (float64) have one entry per output channel, None for 1 and
    0. `offset` holds the bias and whatever constants are added after it. `step`: the
    quantization step of the weight per output channel, None for a float weight.
    """

    weight: NDArray[Any]
    scale: NDArray[Any] | None = None
    offset: NDArray[Any] | None = None
    step: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Epilogue:
    """What stands after an op and belongs to it: bias, normalization, a clipping activation.

    Each has one consumer and constant operands. `clip` is (0, inf) for Relu, (0, 6) for Relu6,
    None where no clipping activation follows directly; `nodes` are the names of what is taken in.
    """

    clip: tuple[float, float] | None = None
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where a site stands in its network, and the numbers it works with.

    `data`: the tensor that the op reads, before the Pads folded into it (and before the reshapes
    that make a 1-D op 2-D); `output`: its own output; `tail`: what leaves its epilogue, the same
    as `output` when there is none. All three have the site's rank + 2 axes, channels last or
    first as `channels_last` says, and can be fetched by name.

    `values()` gives the numbers of a convolution when they are asked for; None for a pool, and
    where the weight is no constant. `shared` is a name that two sites have in common when they
    use one weight. `before`: the sites, by index, whose outputs reach `data` with no other
    site between. `never_negative`: the op that `data` comes from, if that gives no negative
    number (Relu, Sigmoid, ...). `quantization` is that of `tail`.
    """

    data: str
    output: str
    tail: str
    channels_last: bool
    values: Callable[[], OpValues] | None = None
    shared: str | None = None
    epilogue: Epilogue = field(default_factory=Epilogue)
    before: frozenset[int] = frozenset()
    never_negative: str | None = None
    quantization: Quantization | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """What is to be computed from `Place.data` to `Place.tail` in place of what is there.

    op(x, weight) + offset per output channel, then the clip, then rounding to `quantization`;
    `weight` is shaped as `spec.weight_shape` says, None for a pool.
    """

    spec: OpSpec
    weight: NDArray[Any] | None = None
    offset: NDArray[Any] | None = None
    clip: tuple[float, float] | None = None
    quantization: Quantization | None = None


#: Site index -> what replaces it.
Changes = Mapping[int, Change]

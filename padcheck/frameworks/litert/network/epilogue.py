"""What stands after an op and belongs to it: constants per channel, and clips.

1. An op belongs to it if nothing else reads what it reads, which is no output of the graph.
2. ADD, SUB, MUL and DIV with a constant per channel, or one for all, as long as nothing clips.
3. RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1, and MINIMUM and MAXIMUM with one constant, clip; so do
   most activations fused into an op. Clips may follow each other.
4. Where a 1-D op is written as 2-D, the axis that was put in may be taken out among them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.attributes import CLIPS, Attributes, activation_of
from padcheck.frameworks.litert.network.folding import Chain
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.records import OperatorInfo
from padcheck.frameworks.litert.network.units import drops_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ending", "read_ending"]

_AFFINE = {
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "DIV": "DivOptions",
}

_CLIPPING = {
    "RELU": (0.0, math.inf),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU_0_TO_1": (0.0, 1.0),
}

Clip = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Ending:
    """The tensor that leaves the epilogue, and y -> clip(scale * y + offset) up to it.

    `scale` and `offset` are float64 per output channel, None for 1 and 0.
    """

    tail: int
    scale: NDArray[Any] | None = None
    offset: NDArray[Any] | None = None
    clip: Clip | None = None
    operators: tuple[OperatorInfo, ...] = ()


def read_ending(
    graph: Graph, attributes: Attributes, chain: Chain, channels: int, *, affine: bool
) -> Ending:
    """What follows the output of a chain; `affine`: whether constants belong to the op."""
    if attributes.activation not in ("NONE", *CLIPS):
        return Ending(chain.output)
    walk = _Walk(graph, chain, channels, attributes.clip)
    while True:
        reader = graph.only_reader(walk.tensor)  # rule 1
        if reader is None:
            break
        try:
            if not walk.takes(reader, affine=affine):
                break
        except ModelError:  # an attribute or constant that cannot be read
            break
    return Ending(walk.tensor, walk.scale, walk.offset, walk.clip, tuple(walk.operators))


class _Walk:
    """The way down from an output."""

    def __init__(self, graph: Graph, chain: Chain, channels: int, clip: Clip | None) -> None:
        self.tensor = chain.output
        self.scale: NDArray[Any] | None = None
        self.offset: NDArray[Any] | None = None
        self.clip = clip
        self.operators: list[OperatorInfo] = []
        self._graph = graph
        self._channels = channels
        dims = graph.dims(chain.output)
        self._unit = chain.unit if dims is not None and len(dims) == 4 else None

    def takes(self, operator: OperatorInfo, *, affine: bool) -> bool:
        """Whether the next op belongs to it; if so it is taken in."""
        if len(operator.outputs) != 1:
            return False
        if self._unit is not None and drops_unit(self._graph, operator, self._unit):  # rule 4
            self._unit = None
        elif operator.name in _AFFINE:
            if not affine or self.clip is not None or not self._shift(operator):
                return False
        elif operator.name in _CLIPPING:
            self._narrow(_CLIPPING[operator.name])
        elif operator.name in ("MINIMUM", "MAXIMUM"):
            bound = self._bound(operator)
            if bound is None:
                return False
            pair = (-math.inf, bound) if operator.name == "MINIMUM" else (bound, math.inf)
            self._narrow(pair)
        else:
            return False
        self.operators.append(operator)
        self.tensor = operator.output
        return True

    def _narrow(self, clip: Clip) -> None:
        low, high = self.clip or (-math.inf, math.inf)
        self.clip = (min(max(low, clip[0]), clip[1]), min(max(high, clip[0]), clip[1]))

    def _operand(self, operator: OperatorInfo) -> tuple[NDArray[Any], bool] | None:
        """The constant operand in float64, and whether it is the first one."""
        if len(operator.inputs) != 2:
            return None
        first = operator.input(1) == self.tensor
        constant = self._graph.real(operator.input(0 if first else 1))
        return None if constant is None else (constant, first)

    def _bound(self, operator: OperatorInfo) -> float | None:
        found = self._operand(operator)
        if found is None or found[0].size != 1 or math.isnan(found[0].item()):
            return None
        return float(found[0].item())

    def _shift(self, operator: OperatorInfo) -> bool:
        """Rule 2."""
        import numpy as np

        activation = activation_of(operator, _AFFINE[operator.name])
        found = self._operand(operator)
        if found is None or activation not in ("NONE", *CLIPS):
            return False
        constant, first = found
        dims = self._graph.dims(self.tensor)
        if dims is None or constant.ndim > len(dims) or constant.size not in (1, self._channels):
            return False
        if constant.size > 1 and constant.shape[-1] != constant.size:
            return False
        values = np.broadcast_to(constant.ravel(), (self._channels,))
        scale = np.ones(self._channels) if self.scale is None else self.scale
        offset = np.zeros(self._channels) if self.offset is None else self.offset
        if operator.name == "ADD":
            offset = offset + values
        elif operator.name == "SUB" and first:
            scale, offset = -scale, values - offset
        elif operator.name == "SUB":
            offset = offset - values
        elif operator.name == "MUL":
            scale, offset = scale * values, offset * values
        elif first or not values.all():
            return False
        else:
            scale, offset = scale / values, offset / values
        self.scale = None if (scale == 1).all() else scale
        self.offset = offset
        if activation in CLIPS:
            self._narrow(CLIPS[activation])
        return True

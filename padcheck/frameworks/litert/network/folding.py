"""Which ops around a windowed one are part of it: pads, dilation by batches, an axis put in.

Rules:
1. An op before is part of it if it feeds nothing else, one after if nothing else reads what it
   reads, and neither of these is an output of the graph.
2. The op itself pads nothing (VALID): SAME is worked out on the size that comes in. A transposed
   convolution's pads are crops, so that nothing is taken in.
3. Pads are constant amounts on spatial axes: any with one fill, or one with a border mode.
   An average counts them. The stored number that nothing is less than is -inf to a maximum.
4. SPACE_TO_BATCH_ND, op of stride 1, BATCH_TO_SPACE_ND is the op with its dilation multiplied by
   the block; what is added before, less what is cropped after, are pads of zeros.
5. Where a 1-D op is written as 2-D, the axis that was put in is no part of it.
6. What cannot be part of it stays apart, with a note; the op reads what that makes. Amounts
   that nobody knows are an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.attributes import Attributes
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.operators import Windowed
from padcheck.frameworks.litert.network.pads import (
    PADS,
    Batches,
    Pad,
    Pairs,
    UnknownAmounts,
    read_batches,
    read_pad,
)
from padcheck.frameworks.litert.network.records import OperatorInfo
from padcheck.frameworks.litert.network.units import drops_unit, makes_unit
from padcheck.geometry import VALID
from padcheck.records import OpKind

__all__ = ["Chain", "fold"]

#: float32 holds every whole number up to this: the largest fill an average can count exactly.
MOST_SUMMED = 1 << 24

#: The least number of float32, which converters pad a maximum with.
_LEAST_FLOAT = -(2.0 - 2.0**-23) * 2.0**127


@dataclass(frozen=True, slots=True)
class Chain:
    """The ops around a windowed one that are part of it.

    `data` and `output` are the tensors at its two ends. `pads` (from the data to the op) and
    `block` are per spatial axis of the op as it is written, and `unit` is the one among these
    that was put in; `shifts` are the pads and crops around the blocks. `before` and `after` are
    the operators, in the order in which they run.
    """

    data: int
    output: int
    unit: int | None = None
    pads: tuple[Pad, ...] = ()
    block: tuple[int, ...] = ()
    shifts: Pairs = ()
    before: tuple[OperatorInfo, ...] = ()
    after: tuple[OperatorInfo, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def taken_in(self) -> tuple[OperatorInfo, ...]:
        """The pads and the ops that cut and join batches, the nearest one first."""
        return tuple(
            one for one in reversed(self.before) if one.name in (*PADS, "SPACE_TO_BATCH_ND")
        )


@dataclass(slots=True)
class _Walk:
    """What is found on the way up from an op."""

    tensor: int
    pads: list[Pad] = field(default_factory=list)
    batches: Batches | None = None
    shifts: Pairs = ()
    operators: list[OperatorInfo] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def fold(
    graph: Graph,
    operator: OperatorInfo,
    windowed: Windowed,
    attributes: Attributes,
    unit: int | None,
) -> Chain:
    """The chain of one op; `unit` is the spatial axis of its data that was put in, if any."""
    start = _up(graph, operator, windowed, attributes, unit)
    end = _down(graph, operator, unit, start.batches)
    lift = _Lift(unit, windowed.rank)
    return Chain(
        data=start.tensor,
        output=end.tensor,
        unit=unit,
        pads=tuple(replace(pad, pairs=lift.pairs(pad.pairs)) for pad in reversed(start.pads)),
        block=lift.sizes(start.batches.block) if start.batches else (),
        shifts=lift.pairs(start.shifts) if start.batches else (),
        before=tuple(reversed(start.operators)),
        after=tuple(end.operators),
        notes=tuple(start.notes),
    )


@dataclass(frozen=True, slots=True)
class _Lift:
    """Numbers of a tensor without the axis that was put in, as numbers of one with it."""

    unit: int | None
    rank: int

    def pairs(self, pairs: Pairs) -> Pairs:
        if self.unit is None or len(pairs) == self.rank:
            return pairs
        return (*pairs[: self.unit], (0, 0), *pairs[self.unit :])

    def sizes(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if self.unit is None or len(sizes) == self.rank:
            return sizes
        return (*sizes[: self.unit], 1, *sizes[self.unit :])


def _down(graph: Graph, operator: OperatorInfo, unit: int | None, batches: Batches | None) -> _Walk:
    """The ops after that are part of it (rules 1, 4 and 5)."""
    walk = _Walk(operator.output)
    dropped = unit is None
    while True:
        reader = graph.only_reader(walk.tensor)
        if reader is None:
            return walk
        if not dropped and unit is not None and drops_unit(graph, reader, unit):
            dropped = True
        elif batches is not None and walk.batches is None and reader.name == "BATCH_TO_SPACE_ND":
            try:
                crops = read_batches(graph, reader)
            except ModelError:
                return walk
            if crops.block != batches.block:
                return walk
            walk.batches = crops
        else:
            return walk
        walk.operators.append(reader)
        walk.tensor = reader.output


def _up(
    graph: Graph,
    operator: OperatorInfo,
    windowed: Windowed,
    attributes: Attributes,
    unit: int | None,
) -> _Walk:
    """The ops before that are part of it."""
    walk = _Walk(operator.input(windowed.data))
    lifted = unit is None
    while True:
        maker = graph.producers.get(walk.tensor)
        if maker is None:
            return walk
        if not lifted and makes_unit(graph, maker) == unit:  # rule 5
            lifted = True
            alone = graph.only_reader(walk.tensor) is not None
            walk.operators.append(maker)
            walk.tensor = maker.input(0)
            if alone:
                continue
            return walk
        if maker.name not in (*PADS, "SPACE_TO_BATCH_ND"):
            return walk
        if windowed.kind is OpKind.CONV_TRANSPOSE:  # rule 2
            return walk
        try:
            _take_in(graph, operator, windowed, attributes, walk, maker, unit)
        except UnknownAmounts as error:
            name = graph.names[maker.output]
            raise ModelError(f"{maker.name} `{name}` before it: {error}") from error
        except ModelError as error:  # rule 6
            name = graph.names[maker.output]
            walk.notes.append(f"{maker.name} `{name}` before it is not taken in: {error}")
            return walk
        walk.operators.append(maker)
        walk.tensor = maker.input(0)


def _take_in(
    graph: Graph,
    operator: OperatorInfo,
    windowed: Windowed,
    attributes: Attributes,
    walk: _Walk,
    maker: OperatorInfo,
    unit: int | None,
) -> None:
    """Adds one op before to the walk; raises ModelError, saying why, where it stays apart."""
    if attributes.padding != VALID:  # rule 2
        raise ModelError("SAME is worked out on the padded size")
    if graph.only_reader(walk.tensor) is None:  # rule 1
        raise ModelError("something else reads it too")
    if maker.name == "SPACE_TO_BATCH_ND":
        _take_in_batches(graph, operator, attributes, walk, maker, unit)
        return
    pad = read_pad(graph, maker)
    if windowed.kind is OpKind.MAX_POOL and pad.fill <= _least(graph, maker):  # rule 3
        pad = replace(pad, fill=-math.inf)
    if any(map(any, pad.pairs)):
        _check_fill(windowed, pad)
        _check_stack(walk, pad)
        walk.pads.append(pad)


def _take_in_batches(
    graph: Graph,
    operator: OperatorInfo,
    attributes: Attributes,
    walk: _Walk,
    maker: OperatorInfo,
    unit: int | None,
) -> None:
    """Rule 4."""
    if walk.pads or walk.batches is not None:
        raise ModelError("other pads stand between it and the op")
    if set(attributes.stride) != {1}:
        raise ModelError("the op between it and BATCH_TO_SPACE_ND has a stride")
    batches = read_batches(graph, maker)
    crops = _down(graph, operator, unit, batches).batches
    if crops is None:
        raise ModelError("no BATCH_TO_SPACE_ND with its block follows the op")
    shifts = tuple(
        (b - c, a - d) for (b, a), (c, d) in zip(batches.pairs, crops.pairs, strict=True)
    )
    if any(number < 0 for pair in shifts for number in pair):
        raise ModelError("BATCH_TO_SPACE_ND crops more than it adds")
    walk.batches, walk.shifts = batches, shifts


def _least(graph: Graph, pad: OperatorInfo) -> float:
    """The real number that no element of a tensor is less than."""
    quantization = graph.tensor(pad.input(0)).quantization
    if quantization is None:
        return _LEAST_FLOAT
    return quantization.scale * (quantization.low - quantization.zero_point)


def _check_fill(windowed: Windowed, pad: Pad) -> None:
    """Rule 3: a fill that an op can hold itself."""
    if math.isnan(pad.fill) or pad.fill == math.inf:
        raise ModelError(f"it pads with {pad.fill:g}")
    if windowed.kind is OpKind.MAX_POOL:
        return
    if abs(pad.fill) > MOST_SUMMED:
        raise ModelError(f"it pads with {pad.fill:g}, and no sum with that is exact")
    if windowed.kind is OpKind.LP_POOL and (pad.fill != 0 or pad.mode != "constant"):
        raise ModelError("it pads with other than zeros")


def _check_stack(walk: _Walk, pad: Pad) -> None:
    """Rule 3: pads in a row hold the same, or there is one with a border mode."""
    nearer = walk.pads[-1] if walk.pads else None
    if nearer is None and any(map(any, walk.shifts)):
        nearer = Pad(walk.shifts)
    if nearer is None or (pad.mode == nearer.mode == "constant" and pad.fill == nearer.fill):
        return
    raise ModelError(f"it pads with {_shown(pad)}, and pads after it with {_shown(nearer)}")


def _shown(pad: Pad) -> str:
    return f"{pad.fill:g}" if pad.mode == "constant" else f"mode {pad.mode}"

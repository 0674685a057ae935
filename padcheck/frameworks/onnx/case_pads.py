"""Where the pads of a case go: to a Pad node, to the op, or to both. Plain ints."""

from __future__ import annotations

import math

from padcheck.frameworks.lowering import PadPairs, floor_pads
from padcheck.geometry import PadPolicy, Rounding, output_size
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import NODE, SPLIT, Case

__all__ = ["is_automatic", "is_foreign", "shares", "sizes_after"]


def is_automatic(spec: OpSpec) -> bool:
    """Whether its policy is one that is written as `auto_pad`."""
    return (
        spec.pads[0].policy not in (PadPolicy.EXPLICIT, PadPolicy.CAUSAL)
        and len({rule.policy for rule in spec.pads}) == 1
    )


def is_foreign(spec: OpSpec) -> bool:
    """Whether its pads hold something else than the op's own pads do."""
    fill = -math.inf if spec.kind is OpKind.MAX_POOL else 0.0
    return spec.pad_mode != "constant" or spec.pad_value != fill


def shares(case: Case) -> tuple[PadPairs, PadPairs, Rounding]:
    """(pads of a Pad node, the op's own pads, the op's rounding).

    1. Another fill than the op's own, a border mode or a negative pad needs a Pad node.
    2. Where the fill is another, it fills CEIL's overhang too, so that is part of the pads; and
       so it is where the op alone, after the Pad node, would not drop the window that CEIL does.
    3. A shared pad is halved, the half rounded up in the Pad node.
    """
    spec, pads = case.spec, case.spec.resolved_pads
    nothing = ((0, 0),) * spec.rank
    foreign = is_foreign(spec)
    if foreign and spec.rounding is Rounding.CEIL:  # rule 2
        return floor_pads(spec), nothing, Rounding.FLOOR
    if foreign or min(map(min, pads)) < 0 or case.padding == NODE:  # rule 1
        if sizes_after(spec, pads, nothing, spec.rounding) == spec.output_size:
            return pads, nothing, spec.rounding
        return floor_pads(spec), nothing, Rounding.FLOOR  # rule 2
    if case.padding == SPLIT:  # rule 3
        node = tuple((before - before // 2, after - after // 2) for before, after in pads)
        own = tuple((before // 2, after // 2) for before, after in pads)
        return node, own, spec.rounding
    return nothing, pads, spec.rounding


def sizes_after(spec: OpSpec, node: PadPairs, own: PadPairs, rounding: Rounding) -> tuple[int, ...]:
    """The output sizes of the op after the Pad node."""
    axes = zip(spec.input_size, spec.windows, node, own, strict=True)
    return tuple(
        output_size(n + sum(first), window, *pair, rounding) for n, window, first, pair in axes
    )

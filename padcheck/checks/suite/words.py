"""Short words for geometries, so that a list of them can be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from padcheck.geometry import PadRule, Rounding, explicit
from padcheck.records import OpKind, OpSpec

__all__ = ["AVERAGE", "CEIL", "CONV", "COUNTED", "KINDS", "LP", "MAX", "TRANSPOSED", "Each", "op"]

CONV, TRANSPOSED = OpKind.CONV, OpKind.CONV_TRANSPOSE
MAX, AVERAGE, LP = OpKind.MAX_POOL, OpKind.AVERAGE_POOL, OpKind.LP_POOL
KINDS = (CONV, TRANSPOSED, MAX, AVERAGE, LP)

CEIL: dict[str, Any] = {"rounding": Rounding.CEIL}
COUNTED: dict[str, Any] = {"count_include_pad": True}

#: One int for all axes, or one per axis.
Each = int | tuple[int, ...]
Pads = PadRule | Sequence[Any]


def op(
    kind: OpKind, n: Each, k: Each, s: Each = 1, d: Each = 1, pads: Pads = (0, 0), **more: Any
) -> OpSpec:
    """An op on as many axes as `n` has; `pads` is one (before, after) or PadRule for all axes,
    or one per axis.

    >>> str(op(CONV, (8, 9), 3, 2, pads=(1, 1)))
    'conv(n=8x9, k=3x3, s=2x2, pads=(1,1)x(1,1))'
    """
    size = (n,) if isinstance(n, int) else n
    rank = len(size)

    def each(value: Each) -> tuple[int, ...]:
        return (value,) * rank if isinstance(value, int) else value

    if isinstance(pads, PadRule):
        rules: tuple[PadRule, ...] = (pads,) * rank
    else:
        pairs = [pads] * rank if isinstance(pads[0], int) else pads
        rules = tuple(p if isinstance(p, PadRule) else explicit(*p) for p in pairs)
    if kind is MAX:
        more.setdefault("pad_value", -math.inf)
    if not kind.has_weight:
        more.setdefault("channels", (2, 2))
    return OpSpec(
        kind=kind,
        input_size=size,
        kernel_size=each(k),
        stride=each(s),
        dilation=each(d),
        pads=rules,
        **more,
    )

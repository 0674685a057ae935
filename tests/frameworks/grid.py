"""Geometries that every suite includes, each with a name; see the tests of each runner."""

from __future__ import annotations

import math
from typing import Any

from padcheck.geometry import (
    CAUSAL,
    SAME_LOWER,
    SAME_UPPER,
    PadRule,
    Rounding,
    explicit,
)
from padcheck.records import OpKind, OpSpec

CONV, TRANSPOSED = OpKind.CONV, OpKind.CONV_TRANSPOSE
MAX, AVERAGE, LP = OpKind.MAX_POOL, OpKind.AVERAGE_POOL, OpKind.LP_POOL

Each = int | tuple[int, ...]


def op(
    kind: OpKind, n: Each, k: Each, s: Each = 1, d: Each = 1, pads: Any = (0, 0), **more: Any
) -> OpSpec:
    """An op; `pads` is one (before, after) or PadRule for all axes, or one per axis."""
    size = (n,) if isinstance(n, int) else n
    rank = len(size)

    def each(value: Each) -> tuple[int, ...]:
        return (value,) * rank if isinstance(value, int) else value

    alike = isinstance(pads, PadRule) or isinstance(pads[0], int)
    rules = tuple(
        pair if isinstance(pair, PadRule) else explicit(*pair)
        for pair in ([pads] * rank if alike else pads)
    )
    if kind is MAX:
        more.setdefault("pad_value", -math.inf)
    return OpSpec(
        kind=kind,
        input_size=size,
        kernel_size=each(k),
        stride=each(s),
        dilation=each(d),
        pads=rules,
        **more,
    )


CEIL = {"rounding": Rounding.CEIL}
COUNTED = {"count_include_pad": True}

CONVS = [
    *(op(CONV, (n, 6), 3, 2, pads=(1, 1)) for n in (6, 7, 8, 9, 224, 225)),
    op(CONV, (8, 9), 3, 2, pads=(0, 1), bias=True),
    op(CONV, (8, 9), 3, 2, pads=SAME_UPPER),
    op(CONV, (8, 9), 3, 2, pads=SAME_LOWER, bias=True),
    op(CONV, (32, 9), 7, 2, pads=(3, 3)),
    op(CONV, (32, 9), 7, 2, pads=(2, 3)),
    op(CONV, (24, 9), 5, 2, pads=(2, 2)),
    op(CONV, (44, 44), 11, 4, pads=(5, 5)),
    op(CONV, (44, 44), 11, 4, pads=(2, 2)),
    *(op(CONV, (9, 8), k, pads=SAME_UPPER) for k in (2, 4, 6)),
    *(op(CONV, (9, 8), k, pads=SAME_LOWER) for k in (2, 4)),
    op(CONV, (8, 8), 4, 2, pads=(1, 1)),
    op(CONV, (7, 9), 2, 2),
    op(CONV, (9, 10), 1, 2),
    op(CONV, (9, 10), 1, 3),
    op(CONV, (10, 11), 2, 3),
    op(CONV, (9, 9), 1, 5, pads=SAME_UPPER),
    op(CONV, (8, 10), (3, 1), 2, pads=SAME_UPPER),
    op(CONV, (8, 10), (1, 3), 2, pads=((0, 0), (1, 1))),
    op(CONV, (8, 9), (3, 5), (2, 1), pads=((1, 3), (2, 4))),
    op(CONV, (8, 9), (3, 5), (1, 2), pads=((1, 3), (2, 4)), bias=True),
    op(CONV, (8, 9), 3, 1, 2, pads=(2, 2)),
    op(CONV, (11, 9), 2, 1, 3, pads=SAME_UPPER),
    op(CONV, (11, 9), 4, 1, 2, pads=SAME_UPPER),
    op(CONV, (9, 9), 3, 1, (1, 2), pads=((1, 1), (2, 2))),
    op(CONV, (9, 9), 3, 3, (1, 2), pads=((1, 1), (2, 2))),
    op(CONV, (9, 8), 3, 2, 2, pads=SAME_UPPER, bias=True),
    op(CONV, (9, 8), 3, 1, pads=(1, 1), group=2, channels=(2, 2)),
    op(CONV, (9, 8), 3, 2, pads=SAME_UPPER, group=3, channels=(3, 6), bias=True),
    op(CONV, (9, 8), 3, 1, 2, pads=(2, 2), group=3, channels=(3, 3)),
    op(CONV, (9, 8), 3, 2, 2, pads=SAME_UPPER, group=3, channels=(3, 6), bias=True),
    op(CONV, (9, 8), 3, (1, 2), pads=SAME_UPPER, group=3, channels=(3, 6)),
    op(CONV, (9, 8), 3, (1, 2), pads=(1, 1), group=2, channels=(4, 6), bias=True),
    op(CONV, (9, 8), 3, 2, 2, pads=(1, 2), group=2, channels=(4, 6), bias=True),
    op(CONV, (9, 8), 3, 1, 2, pads=(1, 2), group=2, channels=(4, 6)),
    op(CONV, (9, 8), 3, 2, pads=((-1, 2), (0, -2)), bias=True),
    op(CONV, (8, 1), (2, 1), 4, pads=((1, 2), (3, -1))),
    op(CONV, (4, 1), (4, 2), (1, 2), pads=((0, 3), (-2, 4))),
    op(CONV, (5, 5), 3, 1, pads=(4, 6)),
    op(CONV, (4, 4), 3, 2, pads=(1, 2), channels=(1, 1)),
    op(CONV, 12, 3, 2, pads=(1, 1)),
    op(CONV, 13, 3, 2, pads=(1, 1)),
    op(CONV, 44, 11, 4, pads=(5, 5)),
    op(CONV, 12, 3, pads=CAUSAL),
    op(CONV, 12, 3, 1, 2, pads=CAUSAL, bias=True),
    op(CONV, 13, 3, 2, pads=CAUSAL),
    op(CONV, 13, 3, 2, 2, pads=(1, 2), group=2, channels=(2, 4), bias=True),
    op(CONV, 13, 3, 2, pads=SAME_UPPER, group=2, channels=(4, 4)),
    op(CONV, (6, 7, 8), 3, 2, pads=(0, 1)),
    op(CONV, (6, 7, 8), (1, 3, 3), (1, 2, 2), pads=SAME_UPPER),
    op(CONV, (6, 5, 6), 3, 1, pads=((2, 0), (1, 1), (1, 1)), bias=True),
    op(CONV, (6, 5, 6), 3, 1, pads=(1, 1), group=2, channels=(4, 6), bias=True),
    op(CONV, (7, 8, 9), 3, 2, 2, pads=(2, 1), group=2, channels=(4, 4), bias=True),
    op(CONV, (5, 5, 5), 3, 1, pads=(1, 1), group=3, channels=(3, 3)),
]

TRANSPOSEDS = [
    op(TRANSPOSED, (5, 6), 3, 2, pads=(0, 1)),
    op(TRANSPOSED, (5, 6), 3, 2, pads=(1, 1), output_padding=(1, 1), bias=True),
    op(TRANSPOSED, (5, 6), 4, 2, pads=(1, 1)),
    op(TRANSPOSED, (5, 6), 5, 2, pads=(2, 2), output_padding=(1, 0)),
    op(TRANSPOSED, (5, 6), 4, 3, pads=(1, 0), bias=True),
    op(TRANSPOSED, (3, 4), 7, 4, pads=SAME_UPPER),
    op(TRANSPOSED, (3, 4), 7, 4, pads=SAME_LOWER),
    op(TRANSPOSED, (3, 4), 2, 2),
    op(TRANSPOSED, (3, 4), 2, 3, bias=True),
    op(TRANSPOSED, (3, 4), 1, 2, pads=SAME_UPPER, bias=True),
    op(TRANSPOSED, (3, 4), 1, 2, output_padding=(1, 1), bias=True),
    op(TRANSPOSED, (3, 4), 2, 3, pads=(-1, -4), bias=True),
    op(TRANSPOSED, (3, 4), 4, 1, pads=SAME_UPPER),
    op(TRANSPOSED, (3, 4), 4, 1, pads=SAME_LOWER),
    op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_UPPER, output_shape=(8, 7)),
    op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_LOWER, output_shape=(8, 7)),
    op(TRANSPOSED, (4, 4), 3, 2, output_shape=(10, 9), bias=True),
    op(TRANSPOSED, (4, 5), 3, 1, 2, pads=(1, 2)),
    op(TRANSPOSED, (4, 5), 2, 1, 3, pads=(1, 0), bias=True),
    op(TRANSPOSED, (4, 5), 3, 2, 2, pads=(1, 2), bias=True),
    op(
        TRANSPOSED,
        (4, 5),
        (3, 4),
        (2, 1),
        pads=((1, 0), (2, 1)),
        group=2,
        channels=(4, 6),
        bias=True,
    ),
    op(TRANSPOSED, (4, 5), 3, 2, 2, pads=(1, 2), group=2, channels=(4, 6), bias=True),
    op(TRANSPOSED, (4, 5), 3, 2, pads=(0, 1), group=3, channels=(3, 3)),
    op(TRANSPOSED, 5, 3, 2, pads=(0, 1), bias=True),
    op(TRANSPOSED, 5, 2, 3),
    op(TRANSPOSED, 5, 3, 2, 2, pads=(1, 0)),
    op(TRANSPOSED, (3, 4, 3), 3, 2, pads=(0, 1), bias=True),
    op(TRANSPOSED, (3, 4, 3), 1, 2, bias=True),
    op(TRANSPOSED, (3, 4, 3), 2, 2, 2, pads=(1, 0), group=2, channels=(2, 4)),
]

MAX_POOLS = [
    op(MAX, (8, 9), 3, 2, pads=(1, 1)),
    op(MAX, (112, 6), 3, 2, pads=(1, 1)),
    op(MAX, (8, 9), 3, 2, pads=(0, 1)),
    op(MAX, (8, 9), 3, 2, pads=SAME_UPPER),
    op(MAX, (8, 9), 3, 2, pads=SAME_LOWER),
    op(MAX, (13, 13), 2, 1, pads=(0, 1)),
    op(MAX, (13, 12), 3, 3, 2, pads=(0, 0)),
    op(MAX, (13, 12), 3, 1, 2, pads=(2, 2)),
    op(MAX, (13, 12), 3, 2, (1, 2), pads=(1, 1)),
    op(MAX, (9, 8), 1, 2),
    op(MAX, (9, 8), 2, 3, pads=SAME_UPPER),
    op(MAX, (9, 8), (3, 2), (1, 2), pads=((1, 0), (0, 1))),
    op(MAX, (9, 8), 3, 2, pads=((-1, 1), (0, -2))),
    op(MAX, (9, 8), 3, 2, pads=(1, 1), pad_value=0.0),
    op(MAX, (32, 6), 1, 2, **CEIL),
    op(MAX, (5, 5), 2, 2, pads=(1, 1), **CEIL),
    op(MAX, (9, 9), 4, 4, pads=(2, 2), **CEIL),
    op(MAX, (112, 6), 3, 2, **CEIL),
    op(MAX, (8, 8), 2, 2, pads=(0, 1), **CEIL),
    op(MAX, (6, 7), 3, 2, **CEIL),
    op(MAX, 12, 3, 2, pads=(1, 1)),
    op(MAX, 12, 3, 2, pads=(0, 1), **CEIL),
    op(MAX, (6, 7, 8), 3, 2, pads=(1, 1)),
    op(MAX, (6, 7, 8), (1, 3, 3), (1, 2, 2), pads=SAME_UPPER),
    op(MAX, (6, 7, 8), 2, 2, **CEIL),
]

AVERAGE_POOLS = [
    op(AVERAGE, (35, 6), 3, 1, pads=(1, 1)),
    op(AVERAGE, (35, 6), 3, 1, pads=(1, 1), **COUNTED),
    op(AVERAGE, (8, 9), 3, 2, pads=SAME_UPPER),
    op(AVERAGE, (8, 9), 3, 2, pads=SAME_LOWER),
    op(AVERAGE, (8, 9), 2, 1, pads=(1, 1)),
    op(AVERAGE, (8, 9), 2, 1, pads=(1, 1), **COUNTED),
    op(AVERAGE, (8, 9), 3, 2, pads=((0, 1), (1, 2)), **COUNTED),
    op(AVERAGE, (8, 9), 3, 2, pads=((0, 1), (1, 2))),
    op(AVERAGE, (8, 9), 4, 1, pads=SAME_UPPER),
    op(AVERAGE, (8, 9), 1, 2),
    op(AVERAGE, (8, 9), 2, 3, pads=SAME_UPPER),
    op(AVERAGE, (8, 9), 2, 2, **CEIL),
    op(AVERAGE, (9, 9), 7, 3, pads=(3, 3), **COUNTED, **CEIL),
    op(AVERAGE, (9, 9), 7, 3, pads=(3, 3), **CEIL),
    op(AVERAGE, (9, 9), 4, 3, pads=(0, 1), **COUNTED, **CEIL),
    op(AVERAGE, (9, 9), 3, 2, 2, pads=(1, 2), **COUNTED),
    op(AVERAGE, (9, 9), 3, 2, 2, pads=(1, 2)),
    op(AVERAGE, (9, 9), 3, 1, 2),
    op(AVERAGE, 12, 3, 2, pads=(1, 1)),
    op(AVERAGE, 12, 3, 2, pads=(0, 1), **COUNTED),
    op(AVERAGE, 12, 3, 2, **CEIL),
    op(AVERAGE, (6, 7, 8), 3, 2, pads=(1, 1)),
    op(AVERAGE, (2, 2, 2), 3, pads=(1, 1)),
    op(AVERAGE, (6, 6), 3, 2, pads=(-1, 2), **COUNTED),
    op(AVERAGE, (6, 6), 3, 2, 2, pads=(2, -1), **COUNTED, **CEIL),
    op(AVERAGE, (6, 7, 8), 2, 2, pads=SAME_UPPER),
    op(AVERAGE, (6, 7, 8), 3, 2, pads=(0, 1), **COUNTED, **CEIL),
]

LP_POOLS = [
    op(LP, (8, 9), 3, 2, pads=(1, 1)),
    op(LP, (8, 9), 3, 2, pads=(0, 1), p=3),
    op(LP, (8, 9), 2, 2, p=1, **CEIL),
    op(LP, (8, 9), 3, 2, 2, pads=SAME_UPPER),
    op(LP, 12, 3, 2, pads=(1, 0)),
    op(LP, (5, 6, 7), 2, 2, pads=(0, 1)),
]

GRID = [*CONVS, *TRANSPOSEDS, *MAX_POOLS, *AVERAGE_POOLS, *LP_POOLS]


def name_of(value: object) -> str:
    """A test id that says everything the op is."""
    if not isinstance(value, OpSpec):
        return str(value)
    more = f"-c{value.channels[0]}-{value.channels[1]}" if value.kind.has_weight else ""
    policies = "+".join(sorted({rule.policy.value for rule in value.pads}))
    return f"{value}{more}{'-bias' if value.bias else ''}-{policies}"

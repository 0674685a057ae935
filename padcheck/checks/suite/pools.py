"""Max, average and Lp pools: own pads, a Pad before them, ceil_mode, counted pads."""

from __future__ import annotations

from padcheck.checks.suite.words import AVERAGE, CEIL, COUNTED, LP, MAX, op
from padcheck.geometry import SAME_LOWER, SAME_UPPER

__all__ = ["AVERAGE_POOLS", "LP_POOLS", "MAX_POOLS", "MORE_POOLS"]

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

#: A Pad of another value before a max pool, counted SAME, and counted overhangs.
MORE_POOLS = [
    op(MAX, (9, 8), 3, 2, pads=(0, 1), pad_value=0.0),
    op(MAX, (9, 8), 2, 2, pads=SAME_UPPER, pad_value=0.0),
    op(MAX, (9, 8), 3, 1, 2, pads=(2, 2), pad_value=0.0),
    op(MAX, (9, 8), 3, 2, pads=(1, 1), pad_value=5.0),
    op(MAX, 12, 3, 2, pads=(1, 1), pad_value=0.0),
    op(MAX, (6, 5, 6), 3, 2, pads=(1, 1), pad_value=0.0),
    op(MAX, (9, 8), 3, 2, pads=(1, 1), pad_value=0.0, **CEIL),
    op(MAX, 12, 5, 3, pads=(2, 2), **CEIL),
    op(MAX, (9, 8), (3, 1), 2, pads=SAME_UPPER),
    op(AVERAGE, (9, 8), (3, 1), 2, pads=SAME_UPPER),
    op(AVERAGE, (9, 8), (1, 3), 2, pads=SAME_LOWER),
    *(
        op(AVERAGE, n, 3, s, pads=rule, **COUNTED)
        for n in (9, (8, 9), (5, 6, 4))
        for s in (1, 2)
        for rule in (SAME_UPPER, SAME_LOWER)
    ),
    op(AVERAGE, 12, 3, 2, pads=(1, 1), **COUNTED, **CEIL),
    op(AVERAGE, (9, 8), 3, 2, pads=(1, 1), pad_value=5.0, **COUNTED),
    op(AVERAGE, (6, 7, 8), 3, 2, pads=(1, 1), **COUNTED),
    op(LP, (8, 9), 3, 2, pads=SAME_LOWER),
    op(LP, (8, 9), 3, 1, p=1),
    op(LP, (8, 9), 3, 2, pads=(1, 1), **CEIL),
]

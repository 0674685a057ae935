"""Transposed convolutions; `pads` are crops."""

from __future__ import annotations

from padcheck.checks.suite.words import TRANSPOSED, op
from padcheck.geometry import SAME_LOWER, SAME_UPPER

__all__ = ["MORE_TRANSPOSEDS", "TRANSPOSEDS"]

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

#: The even kernel that agrees, k < s on one axis, depthwise, and one channel alone.
MORE_TRANSPOSEDS = [
    op(TRANSPOSED, (5, 6), 3, 2, pads=(1, 0)),
    op(TRANSPOSED, (5, 6), 2, 1, pads=SAME_UPPER, bias=True),
    op(TRANSPOSED, (5, 6), (3, 1), 2, pads=SAME_UPPER),
    op(TRANSPOSED, (5, 6), (1, 3), 2, pads=SAME_LOWER),
    op(TRANSPOSED, (5, 6), (3, 1), 2),
    op(TRANSPOSED, (3, 4), 3, 2, pads=(0, 1), channels=(1, 1)),
    op(TRANSPOSED, 5, 3, 2, pads=SAME_UPPER, output_shape=(9,)),
    op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_UPPER, output_shape=(10, 9)),
    op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_UPPER, group=2, channels=(2, 4), bias=True),
]

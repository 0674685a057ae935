"""Ops for `auto_pad`: every kind under every policy, where the rules are easily got wrong."""

from __future__ import annotations

from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID
from tests.frameworks.divergence import ops
from tests.frameworks.grid import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED

KINDS = (CONV, TRANSPOSED, MAX, AVERAGE, LP)
POOLS = (MAX, AVERAGE, LP)
SAME = (SAME_UPPER, SAME_LOWER)
RULES = (*SAME, VALID)

#: (n, k, s, d): stride 1, odd and even kernels
UNSTRIDED = (
    ((8, 9), 3, 1, 1),
    ((8, 9), 4, 1, 1),
    ((8, 9), 2, 1, 1),
    (13, 4, 1, 1),
    ((5, 6, 7), 2, 1, 1),
)
STRIDED = (
    ((8, 9), 3, 2, 1),
    ((8, 9), 4, 2, 1),
    ((8, 9), 5, 3, 1),
    ((8, 9), (3, 5), (2, 1), 1),
    (12, 3, 2, 1),
    (13, 4, 2, 1),
    ((5, 6, 7), 3, 2, 1),
)
#: the stride is longer than the kernel and SAME's raw total negative, on one axis at least
FARTHEST = ((9, 8), 1, 5, 1)
NEGATIVE = (
    FARTHEST,
    ((9, 8), 2, 3, 1),
    ((8, 10), (3, 1), 2, 1),
    ((5, 6, 7), 2, 3, 1),
)
#: the stride is longer than the kernel
SHORT = (*NEGATIVE, (13, 2, 3, 1))
DILATED = (
    ((8, 9), 3, 1, 2),
    ((8, 9), 3, 2, 2),
    ((9, 9), 2, 1, 3),
    ((9, 9), 3, 2, (1, 2)),
    (13, 3, 1, 2),
    ((5, 6, 7), 2, 1, 2),
)

#: what only some kinds have
ROUNDED_UP = (((8, 9), 3, 2, 1), ((9, 8), 2, 2, 1))
COUNTED_AVERAGES = (((8, 9), 3, 2, 1), ((8, 9), 4, 1, 1))
SMALL = (((4, 5), 3, 2, 1),)
SHAPED = {"output_shape": (8, 9)}
LENGTHENED = {"output_padding": (1, 1)}
LONGER = {"output_shape": (10, 12)}
GROUPED = {"group": 2, "channels": (4, 6), "bias": True}

AUTO_PADS = [
    *ops(KINDS, RULES, (*UNSTRIDED, *STRIDED, *SHORT, *DILATED)),
    *ops(POOLS, RULES, ROUNDED_UP, **CEIL),
    *ops((AVERAGE,), RULES, (*COUNTED_AVERAGES, DILATED[1]), **COUNTED),
    *ops((LP,), RULES, STRIDED[:1], p=3),
    *ops((CONV, TRANSPOSED), RULES, SMALL, **GROUPED),
    *ops((TRANSPOSED,), RULES, SMALL, **SHAPED),
    *ops((TRANSPOSED,), RULES, SMALL, **LENGTHENED),
    *ops((TRANSPOSED,), RULES, SMALL, **SHAPED, **LENGTHENED),
    *ops((TRANSPOSED,), RULES, SMALL, **LONGER),
    *ops((TRANSPOSED,), RULES, [((4, 5), 3, 2, 2)], **SHAPED),
]

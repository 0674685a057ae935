"""Geometries that every runner's own tests run, each with a name; the suite has more."""

from __future__ import annotations

from padcheck.checks.suite.convs import CONVS
from padcheck.checks.suite.pools import AVERAGE_POOLS, LP_POOLS, MAX_POOLS
from padcheck.checks.suite.products import BORDERS
from padcheck.checks.suite.transposed import TRANSPOSEDS
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.geometry import SAME_UPPER
from padcheck.records import OpSpec

__all__ = [
    "AVERAGE",
    "AVERAGE_POOLS",
    "CEIL",
    "CONV",
    "CONVS",
    "COUNTED",
    "FILLED",
    "GRID",
    "LP",
    "LP_POOLS",
    "MAX",
    "MAX_POOLS",
    "TOO_WIDE",
    "TRANSPOSED",
    "TRANSPOSEDS",
    "name_of",
    "op",
]

GRID = [*CONVS, *TRANSPOSEDS, *MAX_POOLS, *AVERAGE_POOLS, *LP_POOLS]

_MODES = ("reflect", "edge", "symmetric", "wrap")

#: Border modes, and constants of other values: every kind and rank, crops, CEIL, widest mirrors.
FILLED = [
    *BORDERS,
    *(
        op(*geometry, pad_mode=mode, **more)
        for mode in _MODES
        for geometry, more in (
            ((CONV, (4, 5, 6), 3, 2, 1, (2, 1)), {"bias": True}),
            ((CONV, (5, 6), 3, 1, 1, ((3, 4), (0, 5))), {}),
            ((CONV, (6, 7), 2, 1, 2, SAME_UPPER), {"group": 2, "channels": (2, 2)}),
            ((CONV, (6, 7), 3, 2, 1, ((-2, 3), (1, -1))), {}),
            ((CONV, 6, 3, 2, 2, (2, 3)), {"group": 3, "channels": (3, 6), "bias": True}),
            ((MAX, 9, 3, 2, 1, (2, 1)), CEIL),
            ((MAX, (6, 7), 2, 2, 2, (1, 3)), {}),
            ((AVERAGE, (6, 8), 3, 3, 1, (1, 1)), {**CEIL, **COUNTED}),
            ((AVERAGE, (5, 6, 4), 3, 2, 1, (1, 2)), {}),
            ((AVERAGE, (6, 7), 2, 1, 2, (1, 0)), {}),
            ((LP, (6, 7), 3, 2, 1, (2, 1)), {"p": 3}),
        )
    ),
    *(op(CONV, (3, 4), 3, 1, 1, ((7, 5), (0, 9)), pad_mode=mode) for mode in ("edge", "wrap")),
    op(CONV, (3, 4), 3, 1, 1, (3, 3), pad_mode="symmetric"),
    op(CONV, (1, 4), 3, 1, 1, ((0, 2), (3, 3)), pad_mode="wrap"),
    op(CONV, (8, 9), 3, 2, pads=((-1, 2), (3, -1)), pad_value=5.0, bias=True),
    op(CONV, (6, 5, 6), 3, 2, pads=(1, 2), pad_value=-2.0),
    op(MAX, (8, 9), 3, 2, pads=(1, 1), pad_value=-7.0),
    op(MAX, (8, 9), 3, 2, pads=((-1, 2), (2, -1)), **CEIL),
    op(AVERAGE, (8, 9), 3, 2, pads=(1, 1), pad_value=5.0, **COUNTED),
    op(AVERAGE, (8, 9), 3, 2, pads=(1, 1), pad_value=5.0),
    op(AVERAGE, (6, 7), 3, 2, pads=((0, -2), (1, -1)), **COUNTED, **CEIL),
    op(AVERAGE, (6, 7), 3, 2, pads=((-2, 1), (-1, 2)), **CEIL),
    op(LP, (8, 9), 3, 2, pads=(0, 1), pad_value=-3.0),
]

#: Mirrors of more than the input.
TOO_WIDE = [
    op(CONV, (4, 5), 3, 1, 1, ((4, 0), (0, 0)), pad_mode="reflect"),
    op(CONV, 4, 3, 1, 1, (0, 4), pad_mode="reflect"),
    op(MAX, (4, 5), 3, 1, 1, ((0, 0), (0, 6)), pad_mode="symmetric"),
    op(AVERAGE, (4, 4, 2), 3, 1, 1, ((0, 0), (1, 1), (2, 3)), pad_mode="symmetric"),
]


def name_of(value: object) -> str:
    """A test id that says everything the op is."""
    if not isinstance(value, OpSpec):
        return str(value)
    more = f"-c{value.channels[0]}-{value.channels[1]}" if value.kind.has_weight else ""
    policies = "+".join(sorted({rule.policy.value for rule in value.pads}))
    mode = "" if value.pad_mode == "constant" else f"-{value.pad_mode}"
    return f"{value}{more}{'-bias' if value.bias else ''}-{policies}{mode}"

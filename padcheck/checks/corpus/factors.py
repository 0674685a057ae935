"""What cases vary: for each kind of op its factors, each with its levels, the plainest first.

A level of a per-axis factor has a value for each of three axes, of which an op takes as many as it
has; one that says nothing on fewer axes that another level does not say already is left out there.
"Coarse" levels are those of the corpus `quick`, "fine" ones those of the others.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable

from padcheck.checks.corpus.pairwise import Factors
from padcheck.checks.suite.words import AVERAGE, CONV, LP, MAX, TRANSPOSED
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID
from padcheck.records import OpKind
from padcheck.records.case import NODE, OWN, SPLIT

__all__ = ["CAUSAL", "COARSE", "FINE", "HALF", "SIZES", "factors"]

COARSE, FINE = "coarse", "fine"

#: Input sizes for 1, 2 and 3 axes, of which n mod 2 and n mod 3 take every value.
_WINDOWED_SIZES = {
    "mixed": ((9,), (8, 9), (5, 6, 7)),
    "odd": ((13,), (7, 7), (7, 7, 7)),
    "even": ((8,), (8, 8), (6, 6, 6)),
    "tall": ((10,), (10, 7), (8, 5, 6)),
    "wide": ((11,), (6, 13), (5, 8, 6)),
    "large": ((16,), (16, 15), (8, 7, 8)),
}
_TRANSPOSED_SIZES = {
    "mixed": ((5,), (4, 5), (3, 4, 3)),
    "odd": ((3,), (3, 3), (3, 3, 3)),
    "even": ((4,), (4, 4), (2, 2, 2)),
    "tall": ((6,), (6, 3), (4, 3, 2)),
    "wide": ((7,), (2, 7), (2, 3, 4)),
    "large": ((8,), (8, 7), (4, 5, 4)),
}
SIZES = {
    kind: _TRANSPOSED_SIZES if kind is TRANSPOSED else _WINDOWED_SIZES
    for kind in (CONV, TRANSPOSED, MAX, AVERAGE, LP)
}

_ONES, _TWOS, _THREES = (1, 1, 1), (2, 2, 2), (3, 3, 3)

#: (before, after) of each axis, or the word for what is worked out from k and d: (k - 1) * d
#: halved, or all of it before.
HALF, CAUSAL = "half", "causal"
_NONE = ((0, 0),) * 3
_ONE = ((1, 1),) * 3
_TWO = ((2, 2),) * 3
_AFTER = ((0, 1),) * 3
_BEFORE = ((1, 0),) * 3
_UNEVEN = ((1, 2),) * 3
_BY_AXIS = ((1, 2), (0, 1), (2, 0))
_POLICIES = (SAME_UPPER, SAME_LOWER, VALID)

#: (group, channels in, channels out): none, grouped, depthwise, depthwise with a multiplier of 2
_GROUPS = ((1, 2, 3), (2, 4, 6), (3, 3, 3), (2, 2, 4))

#: (where the pads stand, border mode, fill); None for the fill that the op's own pads hold
_FIVES, _ZEROS = (OWN, "constant", 5.0), (OWN, "constant", 0.0)
_BORDERS = (
    (OWN, "constant", None),
    (NODE, "constant", None),
    (SPLIT, "constant", None),
    _FIVES,
    (OWN, "reflect", None),
    (OWN, "edge", None),
    (OWN, "wrap", None),
)
_BOTH = (False, True)

_Levels = dict[str, tuple[Hashable, ...]]

#: What all kinds vary. "opset" starts with the one that has words for the most.
_ALL: dict[str, _Levels] = {
    COARSE: {
        "rank": (2, 1, 3),
        "kernel": (_THREES, _TWOS, _ONES, (3, 1, 2)),
        "stride": (_TWOS, _ONES, _THREES, (1, 2, 1)),
        "dilation": (_ONES, _TWOS, (1, 2, 1)),
        "pads": (_ONE, _NONE, _AFTER, _UNEVEN, _BY_AXIS, *_POLICIES),
        "size": ("mixed", "odd", "even"),
        "opset": (22, 7, 11, 19),
        "dynamic": _BOTH,
    },
    FINE: {
        "rank": (2, 1, 3),
        "kernel": (_THREES, _TWOS, _ONES, (4,) * 3, (5,) * 3, (3, 1, 2), (2, 4, 3), (1, 5, 3)),
        "stride": (_TWOS, _ONES, _THREES, (1, 2, 1), (2, 1, 3), (3, 2, 1)),
        "dilation": (_ONES, _TWOS, (1, 2, 1), (2, 1, 2)),
        "pads": (_ONE, _NONE, HALF, _TWO, _AFTER, _BEFORE, _UNEVEN, _BY_AXIS, *_POLICIES),
        "size": tuple(_WINDOWED_SIZES),
        "opset": (22, 7, 11, 13, 19),
        "dynamic": _BOTH,
    },
}

_WEIGHTED: _Levels = {"group": _GROUPS, "bias": _BOTH}

#: What one kind varies besides; where both have a factor, these levels come first.
_OWN: dict[OpKind, _Levels] = {
    CONV: {**_WEIGHTED, "pads": (_ONE, CAUSAL), "border": _BORDERS},
    TRANSPOSED: {
        **_WEIGHTED,
        "pads": (_NONE,),
        "output_padding": ((0, 0, 0), _ONES, (1, 0, 1)),
        # what is added to n * s; None for no output_shape
        "output_shape": (None, (0, 0, 0), (0, -1, 1)),
    },
    MAX: {"ceil_mode": _BOTH, "border": (*_BORDERS, _ZEROS)},
    AVERAGE: {"ceil_mode": _BOTH, "count_include_pad": (True, False), "border": _BORDERS},
    LP: {
        "ceil_mode": _BOTH,
        "p": (2, 1, 3),
        "border": tuple(border for border in _BORDERS if border != _FIVES),
    },
}


@functools.cache
def factors(kind: OpKind, grain: str) -> Factors:
    """name -> levels of one kind of op; `grain` is "coarse" or "fine"."""
    found = dict(_ALL[grain])
    for name, levels in _OWN[kind].items():
        found[name] = tuple(dict.fromkeys((*levels, *found.get(name, ()))))
    return found

"""Each kind of op under each policy: even and odd kernels, strides beyond them, dilation."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from padcheck.checks.suite.words import AVERAGE, CONV, KINDS, LP, MAX, TRANSPOSED, Each, op
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID
from padcheck.records import OpSpec

__all__ = ["BORDERS", "GROUPED", "POLICIES"]

_RULES = (VALID, SAME_UPPER, SAME_LOWER)
_SIZES: dict[int, Each] = {1: 9, 2: (8, 9), 3: (5, 6, 4)}

#: (rank, kernel, stride, dilation)
_WINDOWS: tuple[tuple[int, Each, Each, Each], ...] = (
    *((2, k, s, 1) for k in (2, 3, 4) for s in (1, 2)),
    (2, 3, 3, 1),
    (2, 2, (1, 2), 1),
    # the stride is longer than the kernel on all axes, or on one
    (2, 1, 2, 1),
    (2, 2, 3, 1),
    (2, 2, (3, 1), 1),
    (2, (1, 3), 2, 1),
    # dilation
    (2, 3, 1, 2),
    (2, 2, 1, 3),
    (2, 3, 2, 2),
    (2, 3, 1, (2, 1)),
    *((1, k, s, d) for k, s, d in ((2, 1, 1), (3, 2, 1), (2, 3, 1), (3, 1, 2))),
    *((3, k, s, d) for k, s, d in ((2, 1, 1), (3, 2, 1), (2, 1, 2))),
    (3, 1, (1, 2, 2), 1),
)


def _policies() -> Iterator[OpSpec]:
    for (rank, k, s, d), kind, rule in itertools.product(_WINDOWS, KINDS, _RULES):
        if kind is LP and (k == 4 or isinstance(k, tuple) or isinstance(d, tuple)):
            continue
        if rule is VALID and (k == 4 or d == 3 or isinstance(k, tuple)):
            continue
        yield op(kind, _SIZES[rank], k, s, d, rule)


POLICIES = list(_policies())


def _grouped() -> Iterator[OpSpec]:
    """Groups of two, depthwise, and depthwise with two outputs per channel."""
    for group, channels in ((2, (4, 6)), (3, (3, 3)), (2, (2, 4))):
        more: dict[str, Any] = {"group": group, "channels": channels, "bias": True}
        for rule in (SAME_UPPER, SAME_LOWER):
            yield op(CONV, (8, 9), 3, 2, 1, rule, **more)
            yield op(CONV, (8, 9), 2, 1, 1, rule, **more)
        yield op(CONV, (8, 9), 2, 3, 1, SAME_UPPER, **more)
        yield op(CONV, (8, 9), (1, 3), 2, 1, SAME_UPPER, **more)
        yield op(CONV, (8, 9), 3, 1, (1, 2), SAME_UPPER, **more)
        yield op(CONV, (8, 9), 1, 2, 1, VALID, **more)
        yield op(CONV, 9, 3, 2, 1, SAME_UPPER, **more)
        yield op(CONV, (5, 6, 4), 3, 2, 1, SAME_UPPER, **more)
        yield op(TRANSPOSED, (4, 5), 3, 2, 1, SAME_UPPER, **more)


GROUPED = list(_grouped())

_MODES = ("reflect", "edge", "symmetric", "wrap")


def _borders() -> Iterator[OpSpec]:
    """Modes differ from width 2 on, and one-sided pads tell the ends apart."""
    for mode in _MODES:
        for width in (1, 2, 3):
            yield op(CONV, (6, 7), 3, 1, 1, (width, width), pad_mode=mode)
        for pads in ((1, 0), (0, 2)):
            yield op(CONV, (6, 7), 3, 1, 1, pads, pad_mode=mode)
        yield op(CONV, (8, 9), 3, 2, 1, (2, 1), pad_mode=mode, bias=True)
        yield op(CONV, 9, 3, 2, 1, (2, 2), pad_mode=mode)
        for kind in (MAX, AVERAGE):
            yield op(kind, (6, 7), 3, 2, 1, (2, 2), pad_mode=mode)
    yield op(CONV, (4, 5, 6), 3, 1, 1, (1, 1), pad_mode="edge")
    yield op(CONV, (4, 5, 6), 3, 1, 1, (2, 2), pad_mode="reflect")


BORDERS = list(_borders())

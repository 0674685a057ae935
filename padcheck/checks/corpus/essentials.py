"""The geometries that every suite includes: where frameworks and converters went wrong.

Numbered; where an axis is long, the others are short.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from padcheck.checks.corpus.questions import question
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID, PadRule, explicit
from padcheck.records import OpSpec
from padcheck.records.case import NODE, SPLIT, Case

__all__ = ["essentials"]

_SAMES = (SAME_UPPER, SAME_LOWER)

#: 1. The flagship: fixed pads where SAME adds one element, at its end; at odd sizes they agree.
_FLAGSHIP = (
    *(op(CONV, (n, 6), 3, 2, pads=(1, 1)) for n in (6, 8, 224, 512)),
    *(op(CONV, (n, 7), 3, 2, pads=(1, 1)) for n in (7, 9, 225, 257, 513)),
    op(CONV, (8, 6), 3, 2, pads=(0, 1)),
    *(op(CONV, (n, n), 3, 2, pads=rule) for n in (6, 7) for rule in _SAMES),
)

#: 2. Stems: 7 by 2, 5 by 2, 11 by 4, as networks pad them and as SAME does.
_STEMS = (
    *(op(CONV, (224, 8), 7, 2, pads=pads) for pads in ((3, 3), (2, 3), SAME_UPPER)),
    *(op(CONV, (24, 8), 5, 2, pads=pads) for pads in ((2, 2), (1, 2), SAME_UPPER)),
    *(op(CONV, (224, 12), 11, 4, pads=pads) for pads in ((2, 2), (5, 5), (3, 4), SAME_UPPER)),
)

#: 3. Even kernels: one pixel to spare at stride 1, and two cases that agree, or fail in shape.
_EVEN = (
    *(op(CONV, (9, 8), k, pads=rule) for k in (2, 4, 6) for rule in _SAMES),
    op(CONV, (8, 8), 4, 2, pads=(1, 1)),
    op(CONV, (7, 9), 2, 2),
    op(CONV, (7, 9), 2, 2, pads=SAME_UPPER),
)

#: 4. Strides beyond the kernel, on all axes and on one.
_SPARSE = (
    op(CONV, (9, 10), 1, 2),
    op(CONV, (9, 10), 1, 3),
    op(CONV, (9, 10), 2, 3),
    *(op(CONV, (9, 10), k, s, pads=SAME_UPPER) for k, s in ((1, 2), (1, 3), (2, 3))),
    *(op(CONV, (8, 10), k, 2) for k in ((3, 1), (1, 3))),
    *(op(CONV, (8, 10), k, 2, pads=SAME_UPPER) for k in ((3, 1), (1, 3))),
)

#: 5. Sizes, kernels, strides and pads that differ from axis to axis and end to end.
_RECTANGULAR = (
    op(CONV, (8, 9), (3, 5), (2, 1), pads=((1, 3), (2, 4))),
    op(CONV, (8, 9), (3, 5), (1, 2), pads=((1, 3), (2, 4))),
    op(CONV, (8, 9), (3, 5), (2, 1), pads=SAME_UPPER),
    op(CONV, (8, 9), (3, 5), 1, pads=((1, 1), (2, 2))),
)

_DEPTHWISE: dict[str, Any] = {"group": 3, "channels": (3, 3)}

#: 6. Dilation, also one that differs from axis to axis.
_DILATED = (
    op(CONV, (8, 9), 3, 1, 2, pads=(2, 2)),
    op(CONV, (8, 9), 3, 1, 2, pads=SAME_UPPER),
    op(CONV, (11, 9), 2, 1, 3),
    op(CONV, (11, 9), 2, 1, 3, pads=SAME_UPPER),
    op(CONV, (11, 9), 4, 1, 2, pads=SAME_LOWER),
    op(CONV, (9, 9), 3, 1, (1, 2), pads=((1, 1), (2, 2))),
    op(CONV, (9, 9), 3, 3, (1, 2), pads=((1, 1), (2, 2))),
    op(CONV, (9, 8), 3, 1, 2, pads=(2, 2), **_DEPTHWISE),
    op(CONV, (9, 8), 3, 1, 2, pads=SAME_UPPER, **_DEPTHWISE),
)

#: 7. Groups, and depthwise with one and two outputs per channel.
_GROUPED = (
    op(CONV, (9, 8), 3, 2, pads=(1, 1), **_DEPTHWISE),
    op(CONV, (9, 8), 3, 2, pads=SAME_UPPER, group=2, channels=(2, 4)),
    op(CONV, (9, 8), 3, 2, pads=(1, 1), group=2, channels=(4, 6)),
    op(CONV, (9, 8), 3, (1, 2), pads=(1, 1), group=2, channels=(4, 6)),
    op(CONV, (9, 8), 3, (1, 2), pads=SAME_UPPER, **_DEPTHWISE),
)

#: 8. One axis; causal pads, dilated and with a stride.
_ONE_AXIS = (
    *(op(CONV, n, 3, 2, pads=(1, 1)) for n in (12, 13)),
    op(CONV, 12, 3, 2, pads=SAME_UPPER),
    *(op(CONV, 44, 11, 4, pads=pads) for pads in ((2, 2), (5, 5), SAME_UPPER)),
    op(CONV, 12, 3, pads=(2, 0)),
    op(CONV, 12, 3, 1, 2, pads=(4, 0)),
    op(CONV, 13, 3, 2, pads=(2, 0)),
)

#: 9. Three axes.
_THREE_AXES = (
    op(CONV, (6, 7, 8), 3, 2, pads=(0, 1)),
    op(CONV, (6, 7, 8), 3, 2, pads=SAME_UPPER),
    op(CONV, (6, 7, 8), (1, 3, 3), (1, 2, 2), pads=((0, 0), (1, 1), (1, 1))),
    op(CONV, (6, 7, 8), (1, 3, 3), (1, 2, 2), pads=SAME_UPPER),
    op(CONV, (6, 5, 6), 3, pads=((2, 0), (1, 1), (1, 1))),
)

#: 10. Max pools; their pads are -inf.
_MAX_POOLS = (
    op(MAX, (8, 9), 3, 2, pads=(1, 1)),
    op(MAX, (112, 6), 3, 2, pads=(1, 1)),
    *(op(MAX, (8, 9), 3, 2, pads=rule) for rule in _SAMES),
    op(MAX, (13, 12), 2, 1, pads=(0, 1)),
    op(MAX, (13, 12), 3, 3, 2),
    op(MAX, (13, 12), 3, 1, 2, pads=SAME_UPPER),
    op(MAX, 12, 3, 2, pads=(1, 1)),
    op(MAX, (6, 7, 8), 3, 2, pads=(1, 1)),
)

#: 11. Averages that count pads and that do not; and a sum.
_AVERAGES = (
    *(op(AVERAGE, (35, 6), 3, 1, pads=(1, 1), count_include_pad=yes) for yes in (False, True)),
    *(op(AVERAGE, (8, 9), 3, 2, pads=rule) for rule in _SAMES),
    *(op(AVERAGE, (8, 9), 2, 1, pads=(1, 1), count_include_pad=yes) for yes in (False, True)),
    op(AVERAGE, (8, 9), 3, 2, pads=((0, 1), (1, 2)), **COUNTED),
    op(AVERAGE, (8, 9), 3, 2, pads=((0, 1), (1, 2))),
    *(op(AVERAGE, (8, 9), 4, 1, pads=rule) for rule in _SAMES),
    op(AVERAGE, (8, 9), 3, 2, pads=SAME_UPPER, **COUNTED),
    op(AVERAGE, 12, 3, 2, pads=(1, 1)),
    op(AVERAGE, (6, 7, 8), 3, 2, pads=(0, 1), **COUNTED),
    op(LP, (6, 6), 3, pads=(1, 1), p=1),  # a sum
)

#: 12. A last window that does not fit.
_PARTIAL = (
    op(MAX, (32, 6), 1, 2, **CEIL),
    op(MAX, (5, 5), 2, 2, pads=(1, 1), **CEIL),
    op(MAX, (9, 9), 4, 4, pads=(2, 2), **CEIL),
    op(MAX, (112, 6), 3, 2, **CEIL),
    op(MAX, (8, 8), 2, 2, pads=(0, 1), **CEIL),
    op(MAX, (6, 7), 3, 2, **CEIL),
    op(MAX, 6, 3, 2, **CEIL),
    op(MAX, (6, 6, 7), 3, 2, **CEIL),
    op(AVERAGE, (6, 7), 3, 2, **CEIL),
    op(AVERAGE, (9, 9), 7, 3, pads=(3, 3), **COUNTED, **CEIL),
    op(AVERAGE, (9, 9), 7, 3, pads=(3, 3), **CEIL),
    op(LP, (8, 9), 2, 2, p=1, **CEIL),
)

#: 13. Transposed convolutions: who crops which end, strides beyond the kernel, what lengthens.
_TRANSPOSED = (
    op(TRANSPOSED, (5, 6), 3, 2, pads=(0, 1)),
    op(TRANSPOSED, (5, 6), 3, 2, pads=(1, 1), output_padding=(1, 1)),
    *(op(TRANSPOSED, (5, 6), 3, 2, pads=rule) for rule in _SAMES),
    op(TRANSPOSED, (5, 6), 4, 2, pads=(1, 1)),
    op(TRANSPOSED, (5, 6), 5, 2, pads=(2, 2), output_padding=(1, 0)),
    *(op(TRANSPOSED, (5, 6), k, s, pads=SAME_UPPER) for k, s in ((5, 2), (4, 3), (7, 4))),
    *(op(TRANSPOSED, (4, 5), k, s) for k, s in ((2, 2), (2, 3), (1, 2))),
    *(op(TRANSPOSED, (4, 5), k, s, pads=SAME_UPPER) for k, s in ((2, 3), (1, 2))),
    *(op(TRANSPOSED, (4, 5), 4, 1, pads=rule) for rule in _SAMES),
    *(op(TRANSPOSED, (4, 4), 3, 2, pads=p, output_shape=(8, 7)) for p in ((0, 0), *_SAMES)),
    op(TRANSPOSED, 5, 3, 2, pads=(0, 1)),
    op(TRANSPOSED, 5, 3, 2, pads=SAME_UPPER),
    op(TRANSPOSED, (3, 4, 3), 3, 2, pads=(0, 1)),
)


def _borders() -> Iterator[OpSpec]:
    """14. Border modes, of 1 to 3 elements and at one end alone; ONNX has no symmetric one."""
    for mode in ("reflect", "edge", "wrap"):
        for pads in ((1, 1), (2, 2), (3, 3), (1, 0)):
            yield op(CONV, (6, 7), 3, pads=pads, pad_mode=mode)


def _policies() -> Iterator[Case]:
    """15. Each policy at open sizes, of either parity; opsets meet policies in pairs."""
    rules: tuple[PadRule, ...] = (explicit(1, 1), VALID, *_SAMES)
    for kind, rule in itertools.product((CONV, TRANSPOSED, MAX, AVERAGE), rules):
        yield Case(spec=op(kind, (8, 9), 3, 2, pads=rule), dynamic=True)
    yield Case(spec=op(MAX, 12, 3, 2, pads=(1, 1)), dynamic=True)


def _pad_nodes() -> Iterator[Case]:
    """16. A Pad node before an op, and before one that pads as well; what it holds."""
    for kind, more in ((CONV, {}), (MAX, {}), (AVERAGE, COUNTED), (LP, {})):
        for n in ((8, 9), (7, 7)):
            yield Case(spec=op(kind, n, 3, 2, pads=(1, 1), **more), padding=NODE)
        yield Case(spec=op(kind, (8, 9), 3, 2, pads=(0, 1), **more), padding=NODE)
        yield Case(spec=op(kind, (8, 9), 3, 2, pads=(2, 2), **more), padding=SPLIT)
    for kind, fill in ((CONV, 5.0), (MAX, 0.0), (MAX, 5.0)):
        yield Case(spec=op(kind, (8, 9), 3, 2, pads=(1, 1), pad_value=fill))
    yield Case(spec=op(AVERAGE, (8, 9), 3, 2, pads=(1, 1), pad_value=5.0, **COUNTED))


_GEOMETRIES = (
    *(*_FLAGSHIP, *_STEMS, *_EVEN, *_SPARSE, *_RECTANGULAR, *_DILATED, *_GROUPED, *_ONE_AXIS),
    *(*_THREE_AXES, *_MAX_POOLS, *_AVERAGES, *_PARTIAL, *_TRANSPOSED, *_borders()),
)


def essentials() -> tuple[Case, ...]:
    """All of them, in order; of 1 to 14, every other op with a weight has a bias."""
    weighted = itertools.count()
    alone = [
        question(spec.replace(bias=bool(next(weighted) % 2)) if spec.kind.has_weight else spec)
        for spec in _GEOMETRIES
    ]
    return (*filter(None, alone), *_policies(), *_pad_nodes())

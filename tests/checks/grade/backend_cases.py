"""What the layers on each of Keras's backends are asked."""

from __future__ import annotations

from padcheck.geometry import CAUSAL, SAME_UPPER
from padcheck.records.case import Case
from tests.frameworks.grid import AVERAGE, CONV, COUNTED, MAX, TRANSPOSED, op

__all__ = ["CASES", "ODD_AVERAGES", "SCRIPTED"]

#: Averages whose SAME total is odd on an axis, and one that is so at the other size alone.
ODD_AVERAGES = [
    Case(spec=op(AVERAGE, 4, 3, 2, pads=SAME_UPPER)),
    Case(spec=op(AVERAGE, (8, 9), 3, 2, pads=SAME_UPPER)),
    Case(spec=op(AVERAGE, 9, 3, 2, pads=SAME_UPPER), dynamic=True),
    Case(spec=op(AVERAGE, (3, 4, 3), 3, 2, pads=SAME_UPPER)),
]

CASES = [
    Case(spec=op(CONV, (8, 7), 3, 2, pads=SAME_UPPER, bias=True), dynamic=True),
    Case(spec=op(CONV, (8, 6), 3, 1, 2, pads=(1, 2), channels=(4, 6), group=2)),
    Case(spec=op(CONV, 9, 3, 2, pads=CAUSAL, bias=True)),
    Case(spec=op(CONV, (7, 6), 4, 2, pads=SAME_UPPER, channels=(3, 6), group=3, bias=True)),
    Case(spec=op(TRANSPOSED, (4, 5), 3, 2, pads=SAME_UPPER, bias=True)),
    Case(spec=op(TRANSPOSED, 5, 3, 2, pads=(1, 1), output_padding=(1,)), dynamic=True),
    Case(spec=op(TRANSPOSED, (4, 5), (2, 1), 3, bias=True)),
    Case(spec=op(MAX, (8, 9), 4, 2, pads=SAME_UPPER)),
    Case(spec=op(AVERAGE, (8, 9), (3, 2), 2, pads=((1, 0), (0, 2)), **COUNTED)),
    Case(spec=op(AVERAGE, 9, 3, 2, pads=SAME_UPPER)),
    *ODD_AVERAGES,
]

#: Those whose scripts are run; few, since a layer that draws its first weights compiles for long.
SCRIPTED = CASES[1::4]

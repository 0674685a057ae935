"""Which cases are questions: ONNX has words for them, and there is one right answer.

1. ONNX has words for the case at its opset, and they mean an op that has outputs.
2. Some tap reads an input; of a transposed convolution, some input is written to the output.
3. A window of a pool that takes no pads in reads an input: there is no maximum, and no average,
   of nothing.
4. A pool's own pads are shorter than its kernel; runtimes refuse longer ones.
5. An `output_shape` crops, and an open size leaves none to be given.
6. Where CEIL drops a last window, the Pad node takes an end off; Pad's text does not say whether
   "wrap" repeats what is taken off.
"""

from __future__ import annotations

import math

from padcheck.frameworks.lowering import floor_pads
from padcheck.frameworks.onnx.cases import reference, refusal
from padcheck.geometry import Rounding, full_size, real_taps, write_positions
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import NODE, SPLIT, Case

__all__ = ["is_question", "question"]

#: Where a geometry may be asked; the first that has words for it is taken.
_OPSETS = (13, 19, 22)


def question(spec: OpSpec) -> Case | None:
    """The case of a geometry alone; None where it is no question."""
    cases = (Case(spec=spec, opset=opset) for opset in _OPSETS)
    return next(filter(is_question, cases), None)


def is_question(case: Case) -> bool:
    """Whether a case is asked."""
    if refusal(case) is not None or 0 in reference(case).output_size:  # rule 1
        return False
    if case.spec.kind is OpKind.CONV_TRANSPOSE:
        return _writes(case.spec) and _crops(case)
    if not case.spec.reads_input:  # rule 2
        return False
    if case.spec.kind is OpKind.CONV:
        return True
    return _are_short(case) and _reads_all(case.spec) and not _takes_off(case.spec)


def _writes(spec: OpSpec) -> bool:
    """Rule 2."""
    axes = zip(spec.input_size, spec.windows, spec.pad_before, spec.output_size, strict=True)
    return all(
        any(
            0 <= position < size
            for index in range(n)
            for position in write_positions(index, window, before)
        )
        for n, window, before, size in axes
    )


def _crops(case: Case) -> bool:
    """Rule 5: full size + output_padding >= output_shape."""
    spec = case.spec
    if not spec.output_shape:
        return True
    more = spec.output_padding or (0,) * spec.rank
    axes = zip(spec.input_size, spec.windows, more, spec.output_shape, strict=True)
    return not case.dynamic and all(full_size(n, w) + one >= size for n, w, one, size in axes)


def _reads_all(spec: OpSpec) -> bool:
    """Rule 3."""
    if spec.kind is OpKind.LP_POOL or spec.count_include_pad or _is_foreign(spec):
        return True
    axes = zip(spec.input_size, spec.windows, spec.pad_before, spec.output_size, strict=True)
    return all(
        real_taps(output, n, window, before) > 0
        for n, window, before, size in axes
        for output in range(size)
    )


def _is_foreign(spec: OpSpec) -> bool:
    """Whether its pads hold what a Pad node alone can write."""
    own = -math.inf if spec.kind is OpKind.MAX_POOL else 0.0
    return spec.pad_mode != "constant" or spec.pad_value != own


def _are_short(case: Case) -> bool:
    """Rule 4."""
    spec = case.spec
    if case.padding == NODE or _is_foreign(spec) or spec.pads[0].size_dependent:
        return True
    shared = 2 if case.padding == SPLIT else 1
    pads = zip(spec.resolved_pads, spec.kernel_size, strict=True)
    return all(max(pair) // shared < k for pair, k in pads)


def _takes_off(spec: OpSpec) -> bool:
    """Rule 6."""
    dropping = spec.pad_mode == "wrap" and spec.rounding is Rounding.CEIL
    return dropping and min(map(min, floor_pads(spec))) < 0

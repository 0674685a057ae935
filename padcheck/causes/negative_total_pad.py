"""PAD107 negative_total_pad

What it finds:
    The stride exceeds the kernel, SAME's total comes out negative, and one side did not clamp it
    at 0: it crops the input where the other reads it from the start.

Why outputs differ:
    A negative pad_before moves the whole grid forward, so that the first inputs are never read.
    TensorFlow clamps. Totals of -1 are hidden where their half is rounded towards 0.

    Measured in: onnxruntime 1.31.1 (with SAME_UPPER, AveragePool and LpPool from a total of -2
    down, Conv from -3 down; one later with SAME_LOWER; MaxPool refuses), onnx 1.23.2
    (ReferenceEvaluator, MaxPool with SAME_UPPER, all negative totals). In the TFLite interpreter of
    TensorFlow 2.21.0 the total underflows instead and every tap is a pad: see PAD998.

Example:
    9 inputs, kernel 1, stride 5: clamped, the outputs read 0 and 5; unclamped, others.

    >>> from padcheck.geometry import SAME_UPPER, Window, raw_same_total, read_window
    >>> window = Window(kernel_size=1, stride=5)
    >>> raw_same_total(9, window), SAME_UPPER.resolve(9, window)
    (-3, (0, 0))
    >>> [list(read_window(o, window, 0)) for o in range(2)]
    [[0], [5]]
    >>> [list(read_window(o, window, -1)) for o in range(2)]
    [[1], [6]]

Use instead:
    Keras   `padding="valid"`: SAME pads nothing here
    TF      `padding="VALID"`
    PyTorch `padding=0`
    ONNX    `auto_pad="NOTSET"` with explicit `pads`, never `SAME_UPPER` with stride > kernel

Fix safety:
    changes-output. Restores the clamped reading.

References:
    XNNPACK, SAME with stride > kernel: https://github.com/google/XNNPACK/pull/10655
    TensorFlow, where it was fixed: https://github.com/tensorflow/tensorflow/pull/1991
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import PadFlaw, PadPolicy, PadRule, Rounding, raw_same_total
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_FLAWS = (
    PadFlaw.UNCLAMPED_TRUNCATED,
    PadFlaw.UNCLAMPED,
    PadFlaw.UNCLAMPED_TRUNCATED_1,
    PadFlaw.UNCLAMPED_TRUNCATED_2,
)


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is OpKind.CONV_TRANSPOSE:
        return
    totals = [
        raw_same_total(n, window)
        for n, window in zip(reference.input_size, reference.windows, strict=True)
    ]
    if min(totals) >= 0:
        return
    for flaw in _FLAWS:
        for policy in (PadPolicy.SAME_UPPER, PadPolicy.SAME_LOWER):
            faulty = reference.with_rule(PadRule(policy, flaw=flaw))
            yield faulty.replace(rounding=Rounding.FLOOR)
            yield reference.with_pads(faulty.resolved_pads)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"negative SAME total is not clamped: pads {pairs_text(observed)}, expected " + (
        pairs_text(reference)
    )


CAUSE = Cause(
    code="PAD107",
    name="negative_total_pad",
    offers=_offers,
    message=_message,
    advice="clamp SAME's total at 0, or write the pads out",
)

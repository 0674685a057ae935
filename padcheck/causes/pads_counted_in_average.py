"""PAD203 pads_counted_in_average

What it finds:
    An average that counts its padding in the divisor where the reference does not, or the
    reverse; or one that counts the overhang of ceil_mode, which no rule counts.

Why outputs differ:
    A corner window of a 3x3 pool holds 4 inputs and 5 pads: 4 or 9 is the divisor. Only the border
    is wrong, by a ratio of two small integers.

    Defaults differ: PyTorch counts pads, ONNX does not, TF and Keras cannot (measured with torch
    2.13.0, onnx 1.23.2, TensorFlow 2.21.0). onnxruntime's AveragePool from opset 19 on was reported
    to leave the end pads out; 1.31.1 counts them.

Example:
    35 inputs, kernel 3, stride 1, one pad at each end.

    >>> from padcheck.geometry import Window, divisor
    >>> window = Window(kernel_size=3)
    >>> [divisor(o, 35, window, 1, 1, count_include_pad=False) for o in (0, 1, 34)]
    [2, 3, 2]
    >>> [divisor(o, 35, window, 1, 1, count_include_pad=True) for o in (0, 1, 34)]
    [3, 3, 3]

Use instead:
    Keras   `AveragePooling2D(padding="same")` leaves pads out; ZeroPadding + "valid" counts them
    TF      `tf.nn.avg_pool2d(..., "SAME")` leaves pads out
    PyTorch `AvgPool2d(..., count_include_pad=False)`; its default is True
    ONNX    `count_include_pad=0` (the default) or 1

Fix safety:
    changes-output at the border only.

References:
    ONNX export of the flag: https://github.com/pytorch/pytorch/issues/13934
    SAME and zeros + VALID in TF: https://github.com/tensorflow/tensorflow/issues/45579
    onnxruntime, opset 19: https://github.com/microsoft/onnxruntime/issues/24681
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import FILL, Cause, Clues
from padcheck.geometry import Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is not OpKind.AVERAGE_POOL:
        return
    if reference.count_include_pad:  # what is left out holds nothing
        yield reference.replace(count_include_pad=False, pad_mode="constant", pad_value=0.0)
    else:
        yield reference.replace(count_include_pad=True)
    if reference.rounding is Rounding.CEIL:
        yield _overhang_counted(reference)


def _overhang_counted(reference: OpSpec) -> OpSpec:
    """The op with the overhang of its last windows turned into padding that counts."""
    pads = []
    for n, window, size, (before, _) in zip(
        reference.input_size,
        reference.windows,
        reference.output_size,
        reference.resolved_pads,
        strict=True,
    ):
        end = (size - 1) * window.stride + window.effective_kernel
        pads.append((before, end - n - before))
    whole = reference.with_pads(pads)
    return whole.replace(rounding=Rounding.FLOOR, count_include_pad=True)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    if observed.rounding is not reference.rounding and observed.count_include_pad:
        return "divisor counts the overhang of ceil_mode, expected it left out"
    if observed.count_include_pad:
        return "divisor counts the pads, expected the inputs alone"
    return "divisor counts the inputs alone, expected the pads as well"


CAUSE = Cause(
    code="PAD203",
    name="pads_counted_in_average",
    offers=_offers,
    message=_message,
    advice="count in the divisor what the reference counts",
    family=FILL,
)

"""PAD202 wrong_pad_value

What it finds:
    Padding that holds another number than the reference's: an integer 0 where a quantized tensor
    has another zero point, a repeated edge, -inf for 0, or any constant.

Why outputs differ:
    Windows that touch the padding mix another number in; all others are exact. In a quantized
    tensor the stored integer q means (q - zero_point) * scale, so an integer 0 is a 0 only if
    zero_point is 0. An average that leaves pads out cannot be had by repeating the edge, nor a pool
    over zeros by a pool that pads with -inf. Inputs that are 0 or constant near the border hide it.

    Measured in: Keras 3.15.1 on torch 2.13.0 (AveragePooling "same" repeats the edge as soon as
    the two pads of an axis are unequal), onnxruntime 1.31.1 (at its default optimization level a
    Pad of zeros before a MaxPool is folded into the pool, which pads with -inf).

Example:
    The zero point is 10. A window of three ones sums two inputs and one pad.

    >>> scale, zero_point = 0.5, 10
    >>> (0 - zero_point) * scale  # what an integer 0 means
    -5.0
    >>> sum([0.0, 3.0, 4.0]), sum([-5.0, 3.0, 4.0])  # padded with zero_point, and with 0
    (7.0, 2.0)

    An average of 2 and -8 with one pad that does not count, and with the edge repeated.

    >>> sum([2, -8]) / 2, sum([2, -8, -8]) / 3
    (-3.0, -4.666666666666667)

Use instead:
    Keras   `keras.ops.pad(x, pads, constant_values=...)`, then `padding="valid"`
    TF      `tf.pad(x, pads, constant_values=...)`; the input's zero point for integers
    PyTorch `F.pad(x, pads, value=...)`, then `padding=0`
    ONNX    a Pad node with its third input; QLinearConv and ConvInteger pad with the zero point

Fix safety:
    changes-output at the border only.

References:
    Zero point in TVM: https://github.com/apache/tvm/pull/4807
    Zero point in ExecuTorch: https://github.com/pytorch/executorch/pull/13576
    Average pools of Keras on torch: https://github.com/keras-team/keras/pull/23233
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from padcheck.causes.base import FILL, Cause, Clues
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_MODES = ("edge", "reflect", "symmetric", "wrap")


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Another constant, a border mode in place of a constant, or a constant in place of one."""
    if reference.kind is OpKind.CONV_TRANSPOSE or not reference.reads_padding:
        return
    own = -math.inf if reference.kind is OpKind.MAX_POOL else 0.0
    for fill in dict.fromkeys((own, 0.0, *clues.fill)):
        constant = reference.replace(pad_mode="constant", pad_value=fill)
        border = reference.pad_mode != "constant"
        zeros = reference.kind is OpKind.MAX_POOL and fill == 0.0 and not border  # PAD201
        if (border or fill != reference.pad_value) and not zeros:
            yield constant
            if border and reference.kind is OpKind.AVERAGE_POOL:
                yield constant.replace(count_include_pad=True)  # as a border mode counts
    if reference.pad_mode == "constant":
        for mode in _MODES:
            yield reference.replace(pad_mode=mode)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"padding holds {_held(observed)}, expected {_held(reference)}"


def _held(spec: OpSpec) -> str:
    return f"{spec.pad_value:g}" if spec.pad_mode == "constant" else f"the {spec.pad_mode} mode"


CAUSE = Cause(
    code="PAD202",
    name="wrong_pad_value",
    offers=_offers,
    message=_message,
    advice="pad with what the reference pads with",
    family=FILL,
)

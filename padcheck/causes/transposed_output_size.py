"""PAD402 transposed_output_size

What it finds:
    A transposed convolution of another output size: output_padding or output_shape lost, or SAME's
    n * stride taken where the reference gives something else.

Why outputs differ:
    SAME always yields n * stride; explicit crops yield (n - 1) * stride + k_eff less the crops. The
    network may still run, because a later layer pads or crops, with everything shifted.

Example:
    >>> from padcheck.geometry import SAME_UPPER, Window, explicit, full_size, resolve_crops
    >>> window = Window(kernel_size=3, stride=2)
    >>> full_size(8, window) - sum(resolve_crops(8, window, explicit(1, 1)))
    15
    >>> full_size(8, window) - sum(resolve_crops(8, window, explicit(1, 1), output_padding=1))
    16
    >>> full_size(8, window) - sum(resolve_crops(8, window, SAME_UPPER))
    16

Use instead:
    Keras   `Conv2DTranspose(..., padding="valid")`, then `Cropping2D` by the reference's pairs
    TF      `tf.nn.conv2d_transpose(..., output_shape=...)` on VALID, then crop
    PyTorch `output_padding=` lengthens the high end
    ONNX    `pads` with `output_padding`, or `output_shape`

Fix safety:
    changes-output. Restores the reference.

References:
    ONNX ConvTranspose: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues
from padcheck.geometry import SAME_UPPER
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is not OpKind.CONV_TRANSPOSE:
        return
    same = reference.with_rule(SAME_UPPER)
    if same.output_size != reference.output_size:
        yield same
    if any(reference.output_padding):
        yield reference.replace(output_padding=())
    if reference.output_shape:
        yield reference.replace(output_shape=())


def _message(reference: OpSpec, observed: OpSpec) -> str:
    sizes = ["x".join(map(str, spec.output_size)) for spec in (observed, reference)]
    return f"output size is {sizes[0]}, expected {sizes[1]}"


CAUSE = Cause(
    code="PAD402",
    name="transposed_output_size",
    offers=_offers,
    message=_message,
    advice="crop the VALID output to the reference's size",
)

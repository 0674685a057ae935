"""PAD402 transposed_output_size

What it finds:
    A transposed convolution of another output size: output_padding or output_shape lost, or SAME's
    n * stride taken where the reference gives something else.

Why outputs differ:
    SAME always yields n * stride; explicit crops yield (n - 1) * stride + k_eff less the crops. The
    network may still run, because a later layer pads or crops, with everything shifted. With a
    stride above the kernel, SAME has to add at the end instead of cropping, and not all do.

    Measured in: onnxruntime 1.31.1 (auto_pad, 5 inputs, kernel 2, stride 3: 14 outputs, where
    TensorFlow 2.21.0 has 15); tf2onnx 1.17.0 writes pads of -1 there, which onnxruntime refuses.

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
from padcheck.geometry import SAME_UPPER, same_crop_total
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

#: Amounts of output_padding tried, at the most.
_MOST = 64


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """SAME's size; output_padding lost or cut short; output_shape lost; an extension lost."""
    if reference.kind is not OpKind.CONV_TRANSPOSE:
        return
    same = reference.with_rule(SAME_UPPER)
    if same.output_size != reference.output_size:
        yield same
    for most in range(min(max(reference.output_padding, default=0), _MOST)):
        yield reference.replace(
            output_padding=tuple(min(p, most) for p in reference.output_padding)
        )
    if reference.output_shape:
        yield reference.replace(output_shape=())
    pads = reference.resolved_pads
    if any(after < 0 for _, after in pads):
        yield reference.with_pads([(before, max(after, 0)) for before, after in pads])
    totals = [same_crop_total(window) for window in reference.windows]
    for more in (1, 0):  # SAME's crop, alike at both ends
        halves = [(total + more) // 2 for total in totals]
        alike = reference.with_pads([(half, half) for half in halves])
        if alike.output_size != reference.output_size and any(halves):
            yield alike


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

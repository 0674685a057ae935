"""PAD401 transposed_crop_side

What it finds:
    A transposed convolution with the right output size whose crop was taken off the other end.

Why outputs differ:
    k3 s2 leaves one element too many. TensorFlow's SAME takes it off the high end, PyTorch's
    padding=1 with output_padding=1 off the low end: the outputs are shifted by one element. At
    k5 s2 the popular padding=2 with output_padding=1 crops (2, 1) where SAME crops (1, 2).

    ConvTranspose in ONNX's first opset had SAME_UPPER and SAME_LOWER reversed in its formula,
    put right in opset 11; old files and runtimes may follow either. onnxruntime 1.31.1 follows the
    later text at every opset (measured at 9 and 22); Keras 3.15.1 on torch 2.13.0 crops as
    TensorFlow does.

Example:
    >>> from padcheck.geometry import SAME_UPPER, Window, explicit, resolve_crops
    >>> window = Window(kernel_size=3, stride=2)
    >>> resolve_crops(8, window, SAME_UPPER)  # TensorFlow
    (0, 1)
    >>> resolve_crops(8, window, explicit(1, 1), output_padding=1)  # PyTorch
    (1, 0)

Use instead:
    Keras   `Conv2DTranspose(..., padding="valid")`, then `Cropping2D(((1, 0), (1, 0)))`
    TF      the same: crop the VALID output
    PyTorch `ConvTranspose2d(..., padding=0)`, then `y[..., :-1, :-1]`, to follow TF
    ONNX    `pads` give the crop of each end

Fix safety:
    changes-output. Restores the reference.

References:
    Keras on its torch backend: https://github.com/keras-team/keras/pull/22876
    The reversal in ONNX: https://github.com/onnx/onnx/issues/1609
    The reversal in onnxruntime: https://github.com/microsoft/onnxruntime/pull/12537
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import SAME_UPPER
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

#: Crops of one total are tried one by one; beyond this many nobody means it.
_MOST = 64


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is not OpKind.CONV_TRANSPOSE:
        return
    same = reference.with_rule(SAME_UPPER)
    if same.output_size == reference.output_size:
        yield same
    totals = [before + after for before, after in reference.resolved_pads]
    seen = {reference.resolved_pads, same.resolved_pads}
    for shift in range(-min(max(totals), _MOST), min(max(totals), _MOST) + 1):
        crops = tuple((b + shift, a - shift) for b, a in reference.resolved_pads)
        if crops not in seen and min(before for before, _ in crops) >= 0:
            yield reference.with_pads(crops)
    swapped = tuple((after, before) for before, after in reference.resolved_pads)
    if swapped not in seen:
        yield reference.with_pads(swapped)
    pairs = zip(reference.resolved_pads, reference.stride, strict=True)
    padded = tuple((-b * s, -a * s) for (b, a), s in pairs)
    if padded not in seen and max(max(pair) for pair in reference.resolved_pads) > 0:
        yield reference.with_pads(padded)  # the crops taken for zeros around the input


def _message(reference: OpSpec, observed: OpSpec) -> str:
    what = "crop is taken off the other end"
    if (
        min(min(pair) for pair in observed.resolved_pads)
        < 0
        < max(map(max, reference.resolved_pads))
    ):
        what = "crop is padding of the input instead"
    return f"{what}: {pairs_text(observed)}, expected {pairs_text(reference)}"


CAUSE = Cause(
    code="PAD401",
    name="transposed_crop_side",
    offers=_offers,
    message=_message,
    advice="crop the VALID output by the reference's pair",
)

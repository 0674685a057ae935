"""PAD104 pads_dropped

What it finds:
    The padding is gone: the op runs as VALID, or auto_pad was ignored. For a transposed
    convolution, nothing is cropped.

Why outputs differ:
    The first window starts at input 0 instead of in the padding, and fewer windows fit. Often the
    shape shrinks; where the stride swallows the difference it stays, and the grid has moved.

Example:
    >>> from padcheck.geometry import Window, output_size
    >>> output_size(8, Window(kernel_size=3), 1, 1), output_size(8, Window(kernel_size=3), 0, 0)
    (8, 6)
    >>> window = Window(kernel_size=2, stride=2)  # here the shape hides it
    >>> output_size(7, window, 1, 0), output_size(7, window, 0, 1)
    (4, 4)

Use instead:
    Keras   `ZeroPadding2D(((1, 1), (1, 1)))` before `padding="valid"`
    TF      `tf.pad(...)` before `padding="VALID"`
    PyTorch `padding=1`
    ONNX    `pads=[1, 1, 1, 1]`

Fix safety:
    changes-output. Restores the reference.

References:
    onnx-tf, Caffe converters that map every pad to VALID: https://github.com/onnx/onnx-tensorflow/issues/242
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import VALID
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    pads = reference.resolved_pads
    if reference.kind is OpKind.CONV_TRANSPOSE and max(max(pair) for pair in pads) <= 0:
        return  # nothing is cropped: PAD402
    if any(pair != (0, 0) for pair in pads) or any(rule.size_dependent for rule in reference.pads):
        yield reference.with_rule(VALID)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"padding is lost: pads {pairs_text(observed)}, expected {pairs_text(reference)}"


CAUSE = Cause(
    code="PAD104",
    name="pads_dropped",
    offers=_offers,
    message=_message,
    advice="put the padding back",
)

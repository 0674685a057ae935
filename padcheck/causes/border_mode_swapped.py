"""PAD204 border_mode_swapped

What it finds:
    Padding that repeats inputs by another rule than the reference's: reflect, symmetric, edge and
    wrap exchanged.

Why outputs differ:
    The modes differ in which inputs they repeat, and frameworks in which modes they have. TF has
    REFLECT and SYMMETRIC; PyTorch reflect, replicate (edge) and circular (wrap); ONNX reflect, edge
    and, from opset 19, wrap. A converter that lacks a mode takes the nearest. Only the border is
    wrong. One pad wide, symmetric and edge are the same, and over constant data all four are: a
    test with ones proves nothing.

    Measured in: Keras 3.15.1 on torch 2.13.0 (`keras.ops.pad` with "symmetric" repeats the edge).

Example:
    Two pads before four inputs: what the positions -2 and -1 hold.

    >>> x, before = [1, 2, 3, 4], (-2, -1)
    >>> [x[-i] for i in before]  # reflect: mirrored at the first input, which is not repeated
    [3, 2]
    >>> [x[-i - 1] for i in before]  # symmetric: mirrored before the first input
    [2, 1]
    >>> [x[max(i, 0)] for i in before]  # edge
    [1, 1]
    >>> [x[i % len(x)] for i in before]  # wrap
    [3, 4]

Use instead:
    Keras   `keras.ops.pad(x, pads, mode="reflect")`; "symmetric" not on torch
    TF      `tf.pad(x, pads, mode="REFLECT")` or "SYMMETRIC"; edge and wrap by `tf.gather`
    PyTorch `F.pad(x, pads, mode="reflect")`, "replicate" or "circular"; symmetric by indexing
    ONNX    a Pad node with `mode="reflect"`, "edge" or "wrap"; symmetric by Gather

Fix safety:
    changes-output at the border only.

References:
    Keras on torch, symmetric: https://github.com/keras-team/keras/pull/23230
    Core ML, symmetric taken for reflect: https://github.com/apple/coremltools/issues/2280
    TensorFlow, tf.pad: https://www.tensorflow.org/api_docs/python/tf/pad
    ONNX Pad: https://onnx.ai/onnx/operators/onnx__Pad.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import FILL, Cause, Clues
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_MODES = ("edge", "reflect", "symmetric", "wrap")


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is OpKind.CONV_TRANSPOSE or reference.pad_mode == "constant":
        return
    for mode in _MODES:
        if mode != reference.pad_mode:
            yield reference.replace(pad_mode=mode)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"border mode is {observed.pad_mode}, expected {reference.pad_mode}"


CAUSE = Cause(
    code="PAD204",
    name="border_mode_swapped",
    offers=_offers,
    message=_message,
    advice="use the reference's border mode",
    family=FILL,
)

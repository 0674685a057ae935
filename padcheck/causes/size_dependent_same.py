"""PAD110 size_dependent_same

What it finds:
    SAME's total is even at this size, so nothing is lopsided, but it is not the amount that the
    reference pads.

Why outputs differ:
    SAME pads as little as gives ceil(n / s) outputs. A reference that pads more, or not at all,
    has another pad_before, another number of outputs, or both.

Example:
    >>> from padcheck.geometry import SAME_UPPER, Window, output_size
    >>> window = Window(kernel_size=3)
    >>> SAME_UPPER.resolve(8, window), output_size(8, window, 1, 1), output_size(8, window, 0, 0)
    ((1, 1), 8, 6)
    >>> window = Window(kernel_size=2, stride=2)  # k2 s2 p1: SAME adds nothing to 6 inputs
    >>> SAME_UPPER.resolve(6, window), output_size(6, window, 0, 0), output_size(6, window, 1, 1)
    ((0, 0), 3, 4)

Use instead:
    Keras   `ZeroPadding2D(((1, 1), (1, 1)))`, then `padding="valid"`; alone when nothing is padded
    TF      `tf.pad(...)` with the reference's pads, then `padding="VALID"`
    PyTorch the reference's numbers in `padding=`
    ONNX    the reference's numbers in `pads`

Fix safety:
    changes-output. Restores the reference.

References:
    TensorFlow, tf.nn, "Notes on padding": https://www.tensorflow.org/api_docs/python/tf/nn
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text, same_totals, same_upper
from padcheck.records import OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    totals = same_totals(reference)
    fixed = not any(rule.size_dependent for rule in reference.pads)
    if totals and fixed and not any(total % 2 for total in totals):
        yield same_upper(reference)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"SAME pads another amount: {pairs_text(observed)}, expected {pairs_text(reference)}"


CAUSE = Cause(
    code="PAD110",
    name="size_dependent_same",
    offers=_offers,
    message=_message,
    advice="pad explicitly, then use VALID",
)

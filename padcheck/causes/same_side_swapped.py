"""PAD102 same_side_swapped

What it finds:
    SAME_UPPER read as SAME_LOWER or the reverse: the right amount of padding, with the odd
    element at the wrong end.

Why outputs differ:
    pad_before differs by one, so every window starts one input early or late. Where the total
    is even both are the same op, which hides it.

Example:
    >>> from padcheck.geometry import SAME_LOWER, SAME_UPPER, Window
    >>> window = Window(kernel_size=3, stride=2)
    >>> SAME_UPPER.resolve(8, window), SAME_LOWER.resolve(8, window)
    ((0, 1), (1, 0))
    >>> SAME_UPPER.resolve(9, window) == SAME_LOWER.resolve(9, window)
    True

Use instead:
    Keras   `ZeroPadding2D(((1, 0), (1, 0)))`, then `padding="valid"`, for SAME_LOWER at even sizes
    TF      `tf.pad` with the pair spelled out, then `padding="VALID"`
    PyTorch `F.pad(x, (1, 0, 1, 0))`, then `padding=0`
    ONNX    explicit `pads`, or the other `auto_pad`

Fix safety:
    changes-output. The pads depend on the input size: repair for the size that is used.

References:
    ONNX Conv, auto_pad: https://onnx.ai/onnx/operators/onnx__Conv.html
    SAME worked out by hand: https://github.com/lukemelas/EfficientNet-PyTorch/pull/235
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import SAME_LOWER, SAME_UPPER, PadPolicy
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

PadPairs = tuple[tuple[int, int], ...]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if reference.kind is OpKind.CONV_TRANSPOSE:
        return
    policies = {rule.policy for rule in reference.pads}
    if PadPolicy.SAME_UPPER in policies:
        yield reference.with_rule(SAME_LOWER)
    elif PadPolicy.SAME_LOWER in policies:
        yield reference.with_rule(SAME_UPPER)
    pads = reference.resolved_pads
    if (
        all(abs(before - after) <= 1 for before, after in pads)
        and len({*pads, *_swapped(pads)}) > 1
    ):
        yield reference.with_pads(_swapped(pads))


def _swapped(pads: PadPairs) -> PadPairs:
    return tuple((after, before) for before, after in pads)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"odd pad is at the other end: pads {pairs_text(observed)}, expected " + pairs_text(
        reference
    )


CAUSE = Cause(
    code="PAD102",
    name="same_side_swapped",
    offers=_offers,
    message=_message,
    advice="swap the pair, or spell the pads out",
)

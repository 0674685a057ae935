"""PAD103 causal_centred

What it finds:
    Causal padding, which reads nothing ahead, taken for centred padding of the same total, or the
    reverse.

Why outputs differ:
    A causal convolution pads d * (k - 1) samples before and none after; centred, half of them
    go to each end. The shapes agree and the output is shifted by whole samples, so that a causal
    network looks into the future.

Example:
    >>> from padcheck.geometry import CAUSAL, SAME_UPPER, Window, read_window
    >>> window = Window(kernel_size=3, dilation=2)
    >>> CAUSAL.resolve(20, window), SAME_UPPER.resolve(20, window)
    ((4, 0), (2, 2))
    >>> list(read_window(5, window, 4)), list(read_window(5, window, 2))
    ([1, 3, 5], [3, 5, 7])

Use instead:
    Keras   `Conv1D(..., padding="causal")`, or `ZeroPadding1D((4, 0))`, then `padding="valid"`
    TF      `tf.pad(x, [[0, 0], [4, 0], [0, 0]])`, then `padding="VALID"`
    PyTorch `F.pad(x, (4, 0))`, then `Conv1d(..., padding=0)`
    ONNX    `pads=[4, 0]`

Fix safety:
    changes-output. Restores the reference.

References:
    Keras to ONNX, causal Conv1D: https://github.com/onnx/keras-onnx/issues/460
    Keras, causal padding: https://keras.io/api/layers/convolution_layers/convolution1d/
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import Window, split_upper
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Each way round, on every set of axes but all: time is one of them."""
    if reference.kind is OpKind.CONV_TRANSPOSE:
        return
    pads = reference.resolved_pads
    for swap in (_centred, _causal):
        moved = [*map(swap, reference.windows, pads)]
        axes = [axis for axis in range(reference.rank) if moved[axis] != pads[axis]]
        for count in range(min(len(axes), max(reference.rank - 1, 1)), 0, -1):
            for chosen in combinations(axes, count):
                yield reference.with_pads(
                    [moved[axis] if axis in chosen else pads[axis] for axis in range(len(pads))]
                )


def _centred(window: Window, pair: tuple[int, int]) -> tuple[int, int]:
    total = window.effective_kernel - 1
    return split_upper(total) if pair == (total, 0) else pair


def _causal(window: Window, pair: tuple[int, int]) -> tuple[int, int]:
    total = window.effective_kernel - 1
    return (total, 0) if pair == split_upper(total) else pair


def _message(reference: OpSpec, observed: OpSpec) -> str:
    what = "causal padding is centred"
    if sum(observed.pad_after) < sum(reference.pad_after):
        what = "centred padding is causal"
    return f"{what}: pads {pairs_text(observed)}, expected {pairs_text(reference)}"


CAUSE = Cause(
    code="PAD103",
    name="causal_centred",
    offers=_offers,
    message=_message,
    per_axis=False,
    advice="pad d * (k - 1) before and none after, or half at each end, as the reference does",
)

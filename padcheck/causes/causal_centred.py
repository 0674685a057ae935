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
    TensorFlow, causal padding: https://keras.io/api/layers/convolution_layers/convolution1d/
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.geometry import Window, split_upper
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Each way round; of several axes one at least stays, as time is but one of them."""
    if reference.kind is OpKind.CONV_TRANSPOSE:
        return
    for swap in (_centred, _causal):
        pads = [*map(swap, reference.windows, reference.resolved_pads)]
        pairs = zip(pads, reference.resolved_pads, strict=True)
        moved = sum(pad != pair for pad, pair in pairs)
        if 0 < moved < max(reference.rank, 2):
            yield reference.with_pads(pads)


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
    advice="pad d * (k - 1) before and none after, or half at each end, as the reference does",
)

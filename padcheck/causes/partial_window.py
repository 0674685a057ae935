"""PAD301 partial_window

What it finds:
    A last window that does not fit was dropped where the reference keeps it, or the reverse: floor
    for ceil, or a window kept that starts past the input.

Why outputs differ:
    (n + pads - k_eff) / s is not whole. Rounded down, the rest is never read; rounded up
    (ceil_mode), one more window hangs over the end. PyTorch and ONNX then drop that window if it
    starts at or past n + pad_before; a formula without that step keeps a window that reads no
    input: NaN from an average, the lowest float from a max pool. Caffe rounds pools up, TF and
    Keras round VALID down. Where the quotient is whole all agree.

    A Pad node before a pool with ceil_mode is not the pool's own pads: what it adds counts as
    input in that last step. Measured in: onnx2torch 1.5.15 (8 inputs, kernel 2, stride 2, one pad
    after: 5 outputs for 4).

Example:
    Kernel 3, stride 2 over 112 inputs; then kernel 2, stride 2 over 5 with one pad at each end.

    >>> from padcheck.geometry import Rounding, Window, output_size, read_window
    >>> window = Window(kernel_size=3, stride=2)
    >>> [output_size(112, window, 0, 0, rounding) for rounding in (Rounding.FLOOR, Rounding.CEIL)]
    [55, 56]
    >>> list(read_window(55, window, 0))  # the 56th; there is no input 112
    [110, 111, 112]
    >>> window = Window(kernel_size=2, stride=2)
    >>> [output_size(5, window, 1, 1, rounding) for rounding in (Rounding.CEIL, Rounding.CEIL_ALL)]
    [3, 4]
    >>> list(read_window(3, window, 1))  # the 4th reads nothing but padding
    [5, 6]

Use instead:
    Keras   `padding="valid"` rounds down; to round up, pad the end first (a max pool with -inf)
    TF      the same: `tf.pad` the end, then `padding="VALID"`
    PyTorch `MaxPool2d(..., ceil_mode=True)`, or False
    ONNX    `ceil_mode=1`, from opset 10, or 0

Fix safety:
    changes-output. Restores the size, and the last row and column.

References:
    PyTorch, the dropped window: https://github.com/pytorch/pytorch/issues/57178
    The same for averages: https://github.com/pytorch/pytorch/issues/116420
    ONNX, where the rule was missing: https://github.com/onnx/onnx/pull/5741
    Caffe rounds up: https://github.com/BVLC/caffe/pull/3057
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, sizes_text
from padcheck.geometry import Rounding
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_WORDS = {
    Rounding.FLOOR: "rounded down",
    Rounding.CEIL: "rounded up",
    Rounding.CEIL_ALL: "rounded up, with a last window that starts past the input kept",
}


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if not reference.kind.has_weight:
        yield from _rounded(reference)


def _guesses(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Convolutions have no ceil_mode, so that another name is the likelier one."""
    if reference.kind is OpKind.CONV:
        yield from _rounded(reference)


def _rounded(reference: OpSpec) -> Iterator[OpSpec]:
    for rounding in Rounding:
        if rounding is not reference.rounding:
            yield reference.replace(rounding=rounding)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return (
        f"output size is {_WORDS[observed.rounding]}: {sizes_text(observed.output_size)}, "
        f"expected {sizes_text(reference.output_size)}, {_WORDS[reference.rounding]}"
    )


CAUSE = Cause(
    code="PAD301",
    name="partial_window",
    offers=_offers,
    guesses=_guesses,
    message=_message,
    advice="round as the reference does, and drop a last window that starts past the input",
    per_axis=False,
)

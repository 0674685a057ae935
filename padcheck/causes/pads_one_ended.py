"""PAD105 pads_one_ended

What it finds:
    One end of the padding is ignored, mirrored to the other end, or the padding is doubled.

Why outputs differ:
    With pad_before kept, the grid is right and only outputs near the high end are wrong or missing;
    with pad_before changed, the whole grid moves by the difference.

    Measured in: onnx2keras 0.0.25 (AveragePool takes the begins for the ends).

Example:
    >>> from padcheck.geometry import Window, output_size
    >>> window = Window(kernel_size=3, stride=2)
    >>> [output_size(8, window, *pads) for pads in ((1, 2), (1, 0), (0, 2), (1, 1), (2, 2), (2, 4))]
    [5, 4, 4, 4, 5, 6]

Use instead:
    Keras   `ZeroPadding2D(((top, bottom), (left, right)))` with all four numbers
    TF      `tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]])`
    PyTorch `F.pad(x, (left, right, top, bottom))`: the last axis comes first
    ONNX    `pads=[top, left, bottom, right]`: all begins, then all ends

Fix safety:
    changes-output. Restores the reference.

References:
    onnx2keras pools that read two of four pads: https://github.com/gmalivenko/onnx2keras/issues/45
    Double padding after fusing: https://github.com/onnx/tensorflow-onnx/pull/850
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]

_FAULTS: tuple[Callable[[int, int], tuple[int, int]], ...] = (
    lambda before, after: (before, 0),
    lambda before, after: (0, after),
    lambda before, after: (before, before),
    lambda before, after: (after, after),
    lambda before, after: (2 * before, 2 * after),
)


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    pads = reference.resolved_pads
    seen = {pads, ((0, 0),) * len(pads)}  # no fault, and PAD104
    for fault in _FAULTS:
        faulty = tuple(fault(before, after) for before, after in pads)
        if faulty not in seen:
            seen.add(faulty)
            yield reference.with_pads(faulty)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    pads, expected = observed.resolved_pads, reference.resolved_pads
    padding = "crop" if reference.kind is OpKind.CONV_TRANSPOSE else "padding"
    what = f"one end of the {padding} is lost or mirrored"
    if all((2 * b, 2 * a) == pair for (b, a), pair in zip(expected, pads, strict=True)):
        what = f"{padding} is doubled"
    return f"{what}: pads {pairs_text(observed)}, expected {pairs_text(reference)}"


CAUSE = Cause(
    code="PAD105",
    name="pads_one_ended",
    offers=_offers,
    message=_message,
    advice="give both ends of every axis",
)

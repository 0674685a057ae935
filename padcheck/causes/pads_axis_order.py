"""PAD109 pads_axis_order

What it finds:
    The right numbers in the wrong places: the pads of one axis on another, begins taken for ends,
    or a flat list read in another order.

Why outputs differ:
    ONNX lists all begins, then all ends; `F.pad` lists pairs, the last axis first; TF and Keras
    nest pairs, the first axis first. Read in another order, four different numbers land on other
    sides: the output's shape changes, or its grid moves along one axis. Four equal pads look the
    same in any order, and square inputs and kernels hide a good part of the rest.

Example:
    Top 1, left 2, bottom 3, right 4, as ONNX lists them, over 8 inputs on each axis.

    >>> from padcheck.geometry import Window, output_size
    >>> window, pads = Window(kernel_size=3), [1, 2, 3, 4]
    >>> right = list(zip(pads[:2], pads[2:])); right  # (top, bottom), (left, right)
    [(1, 3), (2, 4)]
    >>> wrong = list(zip(pads[::2], pads[1::2])); wrong  # taken for pairs
    [(1, 2), (3, 4)]
    >>> [[output_size(8, window, *pair) for pair in pairs] for pairs in (right, wrong)]
    [[10, 12], [9, 13]]

Use instead:
    Keras   `ZeroPadding2D(((top, bottom), (left, right)))`
    TF      `tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]])`
    PyTorch `F.pad(x, (left, right, top, bottom))`: the last axis comes first
    ONNX    `pads=[top, left, bottom, right]`; a Pad node has N and C in both halves as well

Fix safety:
    changes-output. Restores the reference.

References:
    ONNX and WebNN: https://github.com/microsoft/onnxruntime/pull/17325
    ONNX and PyTorch: https://github.com/llvm/torch-mlir/pull/3611
    Why ONNX lists begins first: https://github.com/onnx/onnx/issues/261
    PyTorch, F.pad: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from padcheck.causes.base import Cause, Clues, pairs_text
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Pads as they come out when the flat list is read in another order."""
    pads = reference.resolved_pads
    seen = {pads}
    if reference.kind is OpKind.CONV_TRANSPOSE:
        seen.add(tuple((after, before) for before, after in pads))  # PAD401
    for faulty in _orders(pads):
        if faulty not in seen:
            seen.add(faulty)
            yield reference.with_pads(faulty)


def _orders(pads: tuple[tuple[int, int], ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Axes permuted (reversed first), ends exchanged, begins-then-ends taken for pairs."""
    rank = len(pads)
    for order in sorted(permutations(range(rank)), reverse=True):
        moved = tuple(pads[axis] for axis in order)
        ends = [before for before, _ in moved] + [after for _, after in moved]
        flat = [number for pair in moved for number in pair]
        yield moved
        yield tuple((after, before) for before, after in moved)
        yield tuple((ends[2 * axis], ends[2 * axis + 1]) for axis in range(rank))
        yield tuple((flat[axis], flat[rank + axis]) for axis in range(rank))


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"pads are in another order: {pairs_text(observed)}, expected {pairs_text(reference)}"


CAUSE = Cause(
    code="PAD109",
    name="pads_axis_order",
    offers=_offers,
    message=_message,
    advice="give the pads in the order that the framework reads",
    per_axis=False,
)

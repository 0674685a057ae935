"""PAD109 pads_axis_order

What it finds:
    TODO

Why outputs differ:
    TODO

Example:
    >>> 1 + 1
    2

Use instead:
    Keras   TODO
    TF      TODO
    PyTorch TODO
    ONNX    TODO

Fix safety:
    changes-output.

References:
    TODO
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

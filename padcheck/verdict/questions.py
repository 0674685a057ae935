"""The questions that are asked of a difference before any suspect is tried.

1. Do the shapes differ?
2. Is the interior wrong, and does an integer shift of the windows put it right? Interior: outputs
   whose window touches no pad, before and after the shift.
3. Is only the border wrong?
4. Is every channel off by a constant, or by a constant factor?
5. Is the difference uniform and tiny?
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.causes import ARRAY, FILL, GRID, VALUE, Clues
from padcheck.oracle import Sample, interior_masks
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Answer", "ask"]

#: Shifts tried along each axis, in input elements.
_FURTHEST = 4
#: A difference below this share of the largest output is called tiny.
_TINY = 2.0**-7


@dataclass(frozen=True, slots=True)
class Answer:
    """What the questions found: words for a note, and the families that may be at work."""

    words: str
    families: tuple[str, ...] = (GRID, FILL, ARRAY, VALUE)


def ask(
    reference: OpSpec, sample: Sample | None, observed: NDArray[Any] | None, clues: Clues
) -> Answer:
    """The first question that is answered with yes; `observed` is the sample (N, C, S).

    `sample` is None where the shapes differ.
    """
    if sample is None or observed is None:
        return Answer("the shapes differ")
    inside = _interior(reference, sample)
    right = _right(reference, sample, observed)
    if inside.any() and right[..., inside].all():
        return Answer("only the border is wrong", (GRID, FILL))
    shift = _shift(reference, sample, observed)
    if shift is not None:
        shown = ", ".join(map(str, shift))
        return Answer(f"the interior is right after a shift of the windows by ({shown})")
    if clues.offset:
        return Answer("every channel is off by a constant")
    if clues.scale:
        return Answer("every channel is off by a constant factor")
    wanted = sample.expected(reference).values
    if _tiny(wanted, observed):
        return Answer("the difference is uniform and tiny")
    return Answer("the interior is wrong, and no shift of the windows puts it right")


def _interior(spec: OpSpec, sample: Sample) -> NDArray[np.bool_]:
    """(S,): which places are interior."""
    masks = interior_masks(spec)
    inside = np.ones(len(sample.places), dtype=bool)
    for axis, mask in enumerate(masks):
        inside &= mask[sample.places[:, axis]]
    return inside


def _right(spec: OpSpec, sample: Sample, observed: NDArray[Any]) -> NDArray[np.bool_]:
    expected = sample.expected(spec)
    defined = np.broadcast_to(expected.divisor > 0, expected.shape)
    with np.errstate(invalid="ignore"):
        matching: NDArray[np.bool_] = expected.off(observed) == 0
    return matching | ~defined


def _shift(reference: OpSpec, sample: Sample, observed: NDArray[Any]) -> tuple[int, ...] | None:
    """The smallest shift of all windows that makes the interior right; None without one."""
    if reference.kind is OpKind.CONV_TRANSPOSE and reference.output_shape:
        reference = reference.with_pads(reference.resolved_pads)
    shifts = itertools.product(range(-_FURTHEST, _FURTHEST + 1), repeat=min(reference.rank, 2))
    sizes = reference.output_size
    for short in sorted(shifts, key=lambda one: (sum(map(abs, one)), one)):
        shift = short if reference.rank < 3 else (short[0], *short)
        pairs = [
            (before - by, after + by)
            for (before, after), by in zip(reference.resolved_pads, shift, strict=True)
        ]
        moved = reference.with_pads(pairs)
        if not any(shift) or moved.output_size != sizes:
            continue
        inside = _interior(reference, sample) & _interior(moved, sample)
        if inside.sum() > 1 and _right(moved, sample, observed)[..., inside].all():
            return shift
    return None


def _tiny(wanted: NDArray[Any], observed: NDArray[Any]) -> bool:
    finite = np.isfinite(wanted) & np.isfinite(observed)
    if not finite.all():
        return False
    return float(np.abs(wanted - observed).max()) <= _TINY * float(np.abs(wanted).max())

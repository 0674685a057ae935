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
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.causes import ARRAY, FILL, GRID, VALUE, Clues, listed
from padcheck.oracle import Expected, Sample, interior_masks
from padcheck.records import OpKind, OpSpec
from padcheck.verdict.clues import value_clues

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Answer", "ask"]

#: Shifts tried along each axis, in input elements; half as far where there are three axes.
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
    shift = _shift(reference, sample, observed, _is_right)
    if shift is not None:
        return Answer(f"the interior is right after a shift of the windows by {shift}")
    if clues.offset:
        return Answer(f"every channel is off by a constant: {listed(clues.offset)}")
    if clues.scale:
        return Answer(f"every channel is off by a constant factor: {listed(clues.scale)}")
    if _tiny(sample.expected(reference).values, observed):
        return Answer("the difference is uniform and tiny")
    shift = _shift(reference, sample, observed, _is_constant)
    if shift is not None:
        return Answer(
            f"after a shift of the windows by {shift}, every channel is off by a constant"
        )
    return Answer("the interior is wrong, and no shift of the windows puts it right")


def _is_right(expected: Expected, observed: NDArray[Any]) -> bool:
    return bool((expected.off(observed) == 0).all())


def _is_constant(expected: Expected, observed: NDArray[Any]) -> bool:
    found = value_clues(expected, observed)
    return bool(found.offset or found.scale)


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


def _shift(
    reference: OpSpec,
    sample: Sample,
    observed: NDArray[Any],
    aligned: Callable[[Expected, NDArray[Any]], bool],
) -> str | None:
    """The smallest shift of all windows after which the interior is `aligned`, as `(1, 0)`."""
    if reference.kind is OpKind.RESIZE:
        return None
    pads = reference.resolved_pads
    for shift in _shifts(reference.rank):
        pairs = [(before - by, after + by) for (before, after), by in zip(pads, shift, strict=True)]
        moved = reference.with_pads(pairs)
        if moved.output_size != reference.output_size:
            continue
        inside = _interior(reference, sample) & _interior(moved, sample)
        if inside.sum() < 2:
            continue
        within = sample.at(inside)
        with np.errstate(invalid="ignore"):
            if aligned(within.expected(moved), observed[..., inside]):
                return f"({', '.join(map(str, shift))})"
    return None


def _shifts(rank: int) -> list[tuple[int, ...]]:
    """Every shift but none, the smallest first."""
    furthest = _FURTHEST if rank < 3 else _FURTHEST // 2
    every = itertools.product(range(-furthest, furthest + 1), repeat=rank)
    shifts = [one for one in every if any(one)]
    return sorted(shifts, key=lambda one: (sum(map(abs, one)), one))


def _tiny(wanted: NDArray[Any], observed: NDArray[Any]) -> bool:
    finite = np.isfinite(wanted) & np.isfinite(observed)
    if not finite.all():
        return False
    return float(np.abs(wanted - observed).max()) <= _TINY * float(np.abs(wanted).max())

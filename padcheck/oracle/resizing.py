"""Resizing, exactly: rational shares over one common denominator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import UsageError
from padcheck.geometry import blend
from padcheck.oracle.expected import COORDINATES, Expected
from padcheck.records import OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["resized"]

#: Past this common denominator a float32 quotient need not round to its numerator.
_EXACT_PARTS = 1 << 10
#: Past this one the numerator may overflow int64.
_MOST_PARTS = 1 << 40


def resized(spec: OpSpec, x: NDArray[Any]) -> Expected:
    """`x` (N, C, *spatial) resized to `spec.output_size`, one axis after the other.

    Where the common denominator is large, frameworks' own coordinates are off by more than one of
    its parts, and the numerator has some slack. Raises UsageError past 2**40.
    """
    total, parts = x, 1
    for axis in range(spec.rank):
        total, denominator = _along(spec, axis, total)
        parts *= denominator
        if parts > _MOST_PARTS:
            raise UsageError(f"shares too fine to be told apart: {spec}")
    largest = float(np.abs(x).max()) if x.size else 0.0
    loose = parts * largest * COORDINATES if parts > _EXACT_PARTS else 0.0
    return Expected(total, np.full((1,) * spec.rank, parts, dtype=np.int64), slack=loose)


def _along(spec: OpSpec, axis: int, x: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """(x times the denominator, resized along one axis; the denominator)."""
    n, size = spec.input_size[axis], spec.output_size[axis]
    rows = [blend(o, n, size, spec.coordinates, spec.interpolation) for o in range(size)]
    denominator = math.lcm(*(one.denominator for _, _, one in rows))
    shape = [1] * x.ndim
    shape[axis + 2] = -1
    share = np.array([int(one * denominator) for _, _, one in rows]).reshape(shape)
    below = x.take([low for low, _, _ in rows], axis=axis + 2)
    above = x.take([high for _, high, _ in rows], axis=axis + 2)
    return below * (denominator - share) + above * share, denominator
